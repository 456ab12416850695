//! Pretty forms that the table of [`super::assembly`] does not hold.

use ops::sharding::Sharding;
use ops::{Attr, BinaryOp, Op, Type};
use smallvec::{SmallVec, smallvec};
use tensor::{Literal, TensorType};

use super::Parser;
use super::operation::Draft;
use crate::{Error, RegionId, ValueId};

impl<'s> Parser<'s> {
    /// What follows the name of an operation that has its own form.
    pub(super) fn custom(&mut self, mnemonic: &str, start: usize) -> Result<Draft, Error> {
        match mnemonic {
            "constant" => self.constant(),
            "while" => self.while_loop(),
            "reduce" => self.reduce(start),
            "sdy.sharding_constraint" => self.sharding_constraint(),
            "sdy.manual_computation" => self.manual_computation(),
            _ => Err(self
                .error_at(start, format!("`{mnemonic}` has only the generic form, with its name in quotes"))),
        }
    }

    /// `{attributes} dense<...> : type`.
    fn constant(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft { attributes: self.optional_dictionary()?, ..Draft::default() };
        self.skip();
        let start = self.offset();
        let value = self.attribute()?;
        let Attr::Tensor(literal) = &value else {
            return Err(self.error_at(start, "expected `dense<...>`"));
        };
        draft.result_types = vec![Type::Tensor(literal.ty.clone())];
        draft.attributes.push("value", value);
        Ok(draft)
    }

    /// `(%iterArg = %0, ...) : types attributes {...} cond {...} do {...}`.
    fn while_loop(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        self.expect("(")?;
        let names = self.list_until(")", |parser| {
            parser.skip();
            let at = parser.offset();
            let name = parser.value_name()?;
            parser.expect("=")?;
            Ok((name, at, parser.operand()?))
        })?;
        draft.operands = names.iter().map(|&(_, _, operand)| operand).collect();
        if !names.is_empty() {
            self.expect(":")?;
            draft.result_types = self.type_list()?;
        }
        self.check_operand_types(&draft.operands, &draft.result_types)?;
        if self.eat("attributes") {
            draft.attributes = self.dictionary()?;
        }
        let args: Vec<_> =
            names.iter().zip(&draft.result_types).map(|(&(n, at, _), ty)| (n, ty.clone(), at)).collect();
        self.expect("cond")?;
        let condition = self.region(&args)?;
        self.expect("do")?;
        let body = self.region(&args)?;
        draft.regions = smallvec![condition, body];
        Ok(draft)
    }

    /// `(%0 init: %1), ... applies stablehlo.add across dimensions = [0] : type`, or with a `reducer`.
    fn reduce(&mut self, start: usize) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        let mut initial: SmallVec<[ValueId; 3]> = SmallVec::new();
        loop {
            self.expect("(")?;
            draft.operands.push(self.operand()?);
            self.expect_all("init :")?;
            initial.push(self.operand()?);
            self.expect(")")?;
            if !self.eat(",") {
                break;
            }
        }
        draft.operands.extend(initial);
        let combiner = match self.eat("applies") {
            true => Some(self.combiner()?),
            false => None,
        };
        self.expect_all("across dimensions =")?;
        let dimensions = self.i64_list()?;
        draft.attributes = self.optional_dictionary()?;
        draft.attributes.push("dimensions", Attr::Tensor(Literal::i64s(&dimensions)));
        self.expect(":")?;
        let (inputs, results) = self.function_type()?;
        self.check_operand_types(&draft.operands, &inputs)?;
        draft.result_types = results;
        let region = match combiner {
            Some(combiner) => {
                let ty = inputs.first().and_then(Type::as_tensor);
                let ty = ty.ok_or_else(|| self.error_at(start, "expected a tensor to reduce"))?;
                self.combiner_region(combiner, TensorType::scalar(ty.dtype), start)
            }
            None => {
                self.expect("reducer")?;
                let mut args = Vec::new();
                let mut elements = Vec::new();
                while self.eat("(") {
                    args.push(self.argument()?);
                    self.expect(",")?;
                    elements.push(self.argument()?);
                    self.expect(")")?;
                }
                args.extend(elements);
                self.region(&args)?
            }
        };
        draft.regions.push(region);
        Ok(draft)
    }

    /// `stablehlo.add`.
    fn combiner(&mut self) -> Result<BinaryOp, Error> {
        self.skip();
        let start = self.offset();
        let name = self.expect_word("the combining operation")?;
        let op = name.strip_prefix("stablehlo.").and_then(BinaryOp::from_mnemonic);
        op.ok_or_else(|| self.error_at(start, format!("`{name}` does not combine two values")))
    }

    /// A region that returns `combiner` of its two arguments.
    fn combiner_region(&mut self, combiner: BinaryOp, ty: TensorType, start: usize) -> RegionId {
        let location = self.location_here(start);
        let region = self.function.add_region();
        let lhs = self.function.add_arg(region, ty.clone().into());
        let rhs = self.function.add_arg(region, ty.clone().into());
        let results = self.function.append(region, Op::Binary(combiner), &[lhs, rhs], [ty.into()], location);
        self.function.append(region, Op::Return, &results, [], location);
        region
    }

    /// `%0 <@mesh, [{"x"}]> : type`.
    fn sharding_constraint(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        let operand = self.operand()?;
        draft.operands.push(operand);
        let sharding = Sharding::Tensor(self.tensor_sharding()?);
        draft.attributes = self.optional_dictionary()?;
        draft.attributes.push("sharding", Attr::Sharding(Box::new(sharding)));
        self.expect(":")?;
        let ty = self.ty()?;
        self.check_operand_types(&draft.operands, std::slice::from_ref(&ty))?;
        draft.result_types = vec![ty];
        Ok(draft)
    }

    /// `(%0) in_shardings=[...] out_shardings=[...] manual_axes={"x"} (%arg: type) {...} : types`.
    fn manual_computation(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        self.expect("(")?;
        draft.operands = self.operands()?;
        self.expect(")")?;
        for name in ["in_shardings", "out_shardings"] {
            self.expect(name)?;
            self.expect("=")?;
            let shardings = Sharding::PerValue(self.sharding_list()?);
            draft.attributes.push(name, Attr::Sharding(Box::new(shardings)));
        }
        self.expect_all("manual_axes =")?;
        let axes = Sharding::ManualAxes(self.manual_axes()?);
        draft.attributes.push("manual_axes", Attr::Sharding(Box::new(axes)));
        self.expect("(")?;
        let args = self.list_until(")", |parser| parser.argument())?;
        draft.regions.push(self.region(&args)?);
        draft.attributes.0.extend(self.optional_dictionary()?.0);
        self.expect(":")?;
        let (inputs, results) = self.function_type()?;
        self.check_operand_types(&draft.operands, &inputs)?;
        draft.result_types = results;
        Ok(draft)
    }

    /// `%name: type`, with an optional location.
    pub(super) fn argument(&mut self) -> Result<(&'s str, Type, usize), Error> {
        self.skip();
        let at = self.offset();
        let name = self.value_name()?;
        self.expect(":")?;
        let ty = self.ty()?;
        self.optional_location()?;
        Ok((name, ty, at))
    }
}
