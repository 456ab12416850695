//! Loops and branches.

use plan::{Block, Step, StepOp};

use crate::command::{Command, Memory};
use crate::lower::{self, Context, Lowered, Refusal};

/// Lowers the step: its blocks' commands inside a command of control flow.
///
/// # Errors
/// If the device cannot run a step in it: then the whole runs on the host.
pub fn lower(step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let mut blocks = Blocks { context, scratch_bytes: 0, tables: Vec::new() };
    let command = match &step.op {
        StepOp::While { body, trip_count: Some(count), .. } => {
            Command::Repeat { count: *count, body: blocks.block(body)? }
        }
        StepOp::While { condition, predicate, body, trip_count: None } => Command::While {
            condition: blocks.block(condition)?,
            predicate: *predicate,
            body: blocks.block(body)?,
        },
        StepOp::Case { index, branches } => Command::Case {
            index: *index,
            branches: branches.iter().map(|branch| blocks.block(branch)).collect::<Result<_, _>>()?,
        },
        op => return Err(Refusal::new(format!("{} is no control flow", op.name()))),
    };
    Ok(Lowered { commands: vec![command], scratch_bytes: blocks.scratch_bytes, tables: blocks.tables })
}

/// Blocks in the making. Their steps run one after another, so they share scratch memory; each has tables of
/// its own.
struct Blocks<'a> {
    context: Context<'a>,
    scratch_bytes: u64,
    tables: Vec<u8>,
}

impl Blocks<'_> {
    fn block(&mut self, block: &Block) -> Result<Vec<Command>, Refusal> {
        let mut commands = Vec::new();
        for step in &block.steps {
            let mut lowered = lower::lower(step, self.context)?;
            let base = self.tables.len().next_multiple_of(64);
            if !lowered.tables.is_empty() {
                shift_tables(&mut lowered.commands, base as u64);
                self.tables.resize(base, 0);
                self.tables.append(&mut lowered.tables);
            }
            self.scratch_bytes = self.scratch_bytes.max(lowered.scratch_bytes);
            commands.append(&mut lowered.commands);
        }
        Ok(commands)
    }
}

/// Moves the tables that commands use.
fn shift_tables(commands: &mut [Command], by: u64) {
    for command in commands {
        match command {
            Command::Launch(launch) => {
                for bound in &mut launch.bindings {
                    if let Memory::Table(at) = &mut bound.memory {
                        *at += by;
                    }
                }
            }
            Command::Copy { .. } | Command::Swap(..) => {}
            Command::Repeat { body, .. } => shift_tables(body, by),
            Command::While { condition, body, .. } => {
                shift_tables(condition, by);
                shift_tables(body, by);
            }
            Command::Case { branches, .. } => branches.iter_mut().for_each(|branch| shift_tables(branch, by)),
        }
    }
}
