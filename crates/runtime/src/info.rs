//! What this library is and runs on.

use std::fmt::Write;

use crate::engine;
use crate::error::Result;
use crate::options::ClientOptions;

/// Facts about the library for people and for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Version of the library.
    pub version: &'static str,
    /// Kind of the device that a client will have.
    pub device_kind: String,
    /// Name of the engine.
    pub engine: &'static str,
    /// Driver of the device, if it is a GPU.
    pub driver: String,
    /// What the device can do beyond what every GPU can.
    pub abilities: String,
    /// Worker threads of the engine.
    pub threads: usize,
}

/// The facts. Makes no client and starts no thread.
///
/// # Errors
/// As [`Client::new`](crate::Client::new).
pub fn info(options: &ClientOptions) -> Result<Info> {
    let choice = engine::Choice::of(options)?;
    let (driver, abilities) = choice.details();
    Ok(Info {
        version: env!("CARGO_PKG_VERSION"),
        device_kind: choice.kind(),
        engine: choice.engine(),
        driver,
        abilities,
        threads: engine::thread_count(),
    })
}

impl Info {
    /// The facts as a JSON object.
    pub fn to_json(&self) -> String {
        let Info { version, device_kind, engine, driver, abilities, threads } = self;
        let mut json = String::from("{");
        for (name, text) in [
            ("version", *version),
            ("device_kind", device_kind),
            ("engine", engine),
            ("driver", driver),
            ("abilities", abilities),
        ] {
            // The texts are ours: `Debug` of plain ASCII is JSON.
            let _ = write!(json, "\"{name}\": {text:?}, ");
        }
        let _ = write!(json, "\"threads\": {threads}}}");
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_every_fact() {
        let info = Info {
            version: "1.2.3",
            device_kind: "host (x, 2 threads)".to_string(),
            engine: "host",
            driver: String::new(),
            abilities: String::new(),
            threads: 2,
        };
        let expected = r#"{"version": "1.2.3", "device_kind": "host (x, 2 threads)", "engine": "host", "driver": "", "abilities": "", "threads": 2}"#;
        assert_eq!(info.to_json(), expected);
    }
}
