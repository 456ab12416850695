//! Plans as bytes: a magic, a format version, then postcard.

use thiserror::Error;

use crate::Plan;

const MAGIC: &[u8; 8] = b"JMLPLAN\0";

/// Changes with the shape of any serialized type.
const VERSION: u32 = 5;

/// Why bytes are not a plan of this build.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SerializeError {
    /// Not a plan at all.
    #[error("these bytes are not a serialized plan")]
    NotAPlan,
    /// Written by another version.
    #[error("this plan has format {found}, this build reads format {VERSION}; compile the program again")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Damaged.
    #[error("the serialized plan is damaged: {0}")]
    Damaged(String),
}

impl Plan {
    /// The plan as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        postcard::to_extend(self, out).expect("plans hold nothing that cannot be written")
    }

    /// A plan from the bytes of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: &[u8]) -> Result<Plan, SerializeError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SerializeError::NotAPlan)?;
        let (version, body) = rest.split_first_chunk::<4>().ok_or(SerializeError::NotAPlan)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(SerializeError::Version { found });
        }
        postcard::from_bytes(body).map_err(|error| SerializeError::Damaged(error.to_string()))
    }
}
