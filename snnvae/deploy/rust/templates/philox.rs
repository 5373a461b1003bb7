/// The numbers of one purpose: how many were drawn, and the block of four that the next is from.
struct Numbers {
    drawn: u64,
    block: [u64; 4],
}

/// Both halves of a product.
fn product(a: u64, b: u64) -> (u64, u64) {
    let whole = u128::from(a) * u128::from(b);
    ((whole >> 64) as u64, whole as u64)
}

impl Numbers {
    const fn new() -> Self {
        Self { drawn: 0, block: [0; 4] }
    }

    /// Philox 4x64 with 10 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011),
    /// as NumPy counts: the seed is the key, purpose and sample are the upper half of the counter.
    fn next_block(&mut self, seed: u64, sample: u64, purpose: u64) {
        let mut c = [self.drawn / 4 + 1, 0, purpose, sample];
        let mut key = [seed, 0];
        for _ in 0..10 {
            let (high0, low0) = product(0xD2E7_470E_E14C_6C93, c[0]);
            let (high1, low1) = product(0xCA5A_8263_9512_1157, c[2]);
            c = [high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0];
            key = [
                key[0].wrapping_add(0x9E37_79B9_7F4A_7C15),
                key[1].wrapping_add(0xBB67_AE85_84CA_A73B),
            ];
        }
        self.block = c;
    }

    /// 53 random bits: NumPy's uniform number times 2^53.
    fn number(&mut self, seed: u64, sample: u64, purpose: u64) -> u64 {
        if self.drawn % 4 == 0 {
            self.next_block(seed, sample, purpose);
        }
        let found = self.block[(self.drawn % 4) as usize] >> 11;
        self.drawn += 1;
        found
    }
}
