//! A gzip bomb, made by hand: it takes a few kilobytes for every megabyte it becomes.

/// The longest match that DEFLATE has (RFC 1951 §3.2.5).
const LONGEST: usize = 258;

/// A gzip member (RFC 1952) of `length` spaces, rounded down to whole matches.
pub(crate) fn of_spaces(length: usize) -> Vec<u8> {
    let mut bits = Bits {
        bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        free: 0,
    };
    let mut crc = Crc::default();
    // One last block with the fixed codes (RFC 1951 §3.2.6).
    bits.plain(0b011, 3);
    bits.code(0x30 + u32::from(b' '), 8);
    crc.update(1);
    let matches = length / LONGEST;
    for _ in 0..matches {
        // Length 258 is symbol 285, the distance 1 symbol 0.
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    crc.update(matches * LONGEST);
    bits.code(0, 7);
    let total = u32::try_from(matches * LONGEST + 1).unwrap_or(u32::MAX);
    bits.bytes.extend(crc.finish().to_le_bytes());
    bits.bytes.extend(total.to_le_bytes());
    bits.bytes
}

/// Bits packed from the lowest of each byte upwards (RFC 1951 §3.1.1).
struct Bits {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

impl Bits {
    /// A number, lowest bit first.
    fn plain(&mut self, value: u32, width: u32) {
        for place in 0..width {
            self.push(value >> place & 1 == 1);
        }
    }

    /// A Huffman code, highest bit first.
    fn code(&mut self, value: u32, width: u32) {
        for place in (0..width).rev() {
            self.push(value >> place & 1 == 1);
        }
    }

    fn push(&mut self, bit: bool) {
        if self.free == 0 {
            self.bytes.push(0);
            self.free = 8;
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (8 - self.free);
        }
        self.free -= 1;
    }
}

/// The CRC-32 of a run of spaces (RFC 1952 §8).
struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc {
    fn update(&mut self, spaces: usize) {
        for _ in 0..spaces {
            self.0 ^= u32::from(b' ');
            for _ in 0..8 {
                self.0 = self.0 >> 1 ^ if self.0 & 1 == 1 { 0xedb8_8320 } else { 0 };
            }
        }
    }

    fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_spaces_is_what_gzip_makes_of_it() {
        // `printf '%259s' | gzip -n` differs in its codes, not in what it checks.
        let small = of_spaces(258);
        assert_eq!(small[small.len() - 4..], 259_u32.to_le_bytes());
        assert!(of_spaces(1 << 20).len() < 8 << 10);
    }
}
