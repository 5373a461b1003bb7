//! Loihi's integers. A right shift of a negative number rounds down, as it is to. Nothing overflows:
//! the comment above each layer says how large its numbers become.
#![allow(dead_code)] // a network needs some of these

/// x * kept / 4096, rounded toward zero, for kept <= 4096: the product is made in two halves.
pub(crate) const fn decayed(x: i32, kept: u32) -> i32 {
    let size = x.unsigned_abs();
    let left = ((size >> 12) * kept + (((size & 4095) * kept) >> 12)) as i32;
    if x < 0 {
        -left
    } else {
        left
    }
}

/// The same in 64 bits.
pub(crate) const fn decayed_wide(x: i64, kept: u32) -> i64 {
    let (size, kept) = (x.unsigned_abs(), kept as u64);
    let left = ((size >> 12) * kept + (((size & 4095) * kept) >> 12)) as i64;
    if x < 0 {
        -left
    } else {
        left
    }
}

/// A current beyond 24 bits, wrapped once.
pub(crate) const fn wrapped(u: i32) -> i32 {
    if u > 8_388_608 {
        u - 16_777_216
    } else if u <= -8_388_608 {
        u + 16_777_216
    } else {
        u
    }
}

/// The same in 64 bits.
pub(crate) const fn wrapped_wide(u: i64) -> i64 {
    if u > 8_388_608 {
        u - 16_777_216
    } else if u <= -8_388_608 {
        u + 16_777_216
    } else {
        u
    }
}

/// A membrane, clipped to 24 bits.
pub(crate) fn clipped(v: i32) -> i32 {
    v.clamp(-8_388_607, 8_388_607)
}

/// The same in 64 bits.
pub(crate) fn clipped_wide(v: i64) -> i64 {
    v.clamp(-8_388_607, 8_388_607)
}

/// The row of a ring that holds what was sent `delay` steps before row `slot` is written.
pub(crate) const fn before(slot: u32, delay: u32, rows: u32) -> usize {
    if slot >= delay {
        (slot - delay) as usize
    } else {
        (slot + rows - delay) as usize
    }
}
