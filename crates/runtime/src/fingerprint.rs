//! Names for programs by their contents.

/// Folds bytes into 128 bits, eight at a time. Not for secrets: it tells programs apart, at the speed of memory.
pub fn fingerprint(parts: &[&[u8]]) -> String {
    let (mut low, mut high) = (0x243F_6A88_85A3_08D3_u64, 0x1319_8A2E_0370_7344_u64);
    let mut fold = |word: u64| {
        low = mix(low ^ word, 0xA076_1D64_78BD_642F);
        high = mix(high ^ word, 0xE703_7ED1_A0B4_28DB) ^ low;
    };
    for part in parts {
        fold(part.len() as u64);
        let mut words = part.chunks_exact(8);
        for word in &mut words {
            fold(u64::from_le_bytes(word.try_into().expect("chunks of eight bytes")));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            fold(u64::from_le_bytes(last));
        }
    }
    format!("{low:016x}{high:016x}")
}

/// Multiplies to 128 bits and folds the halves (the step of the wyhash family).
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a | 1) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64) ^ a.rotate_left(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_every_border_counts() {
        let base = fingerprint(&[b"0123456789", b"ab"]);
        assert_eq!(base, fingerprint(&[b"0123456789", b"ab"]));
        let others: [&[&[u8]]; 5] = [
            &[b"0123456789a", b"b"],
            &[b"0123456789", b"ac"],
            &[b"1123456789", b"ab"],
            &[b"0123456789", b"ab\0"],
            &[],
        ];
        for other in others {
            assert_ne!(base, fingerprint(other));
        }
        assert_eq!(base.len(), 32);
    }
}
