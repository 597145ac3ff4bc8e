//! What a large file holds, without the file.

use std::sync::OnceLock;

/// What `large.bin` repeats, except for the number at the start of each page.
const PAGE_SIZE: usize = 4096;

/// Fills `block` with what stands in `large.bin` from byte `offset` on.
///
/// Each page of 4,096 bytes begins with its number, eight bytes from the least significant on, and
/// goes on with bytes that follow no pattern, the same in every page. Lost, repeated, moved and
/// shifted blocks all show, and a gigabyte is made at the speed of copying, optimised or not.
pub fn fill(offset: u64, block: &mut [u8]) {
    let page_size = PAGE_SIZE as u64;
    let mut number = offset / page_size;
    let mut within = usize::try_from(offset % page_size).unwrap_or(0);
    let mut rest = block;
    while !rest.is_empty() {
        let count = (PAGE_SIZE - within).min(rest.len());
        let (now, later) = rest.split_at_mut(count);
        let (_, page) = page().split_at(within);
        now.copy_from_slice(page.split_at(count).0);
        for (to, from) in now.iter_mut().zip(number.to_le_bytes().iter().skip(within)) {
            *to = *from;
        }
        number += 1;
        within = 0;
        rest = later;
    }
}

/// The bytes of a page, from the multiplicative generator of Lehmer.
fn page() -> &'static [u8; PAGE_SIZE] {
    static PAGE: OnceLock<[u8; PAGE_SIZE]> = OnceLock::new();
    PAGE.get_or_init(|| {
        let mut state = 1_u64;
        std::array::from_fn(|_| {
            state = state * 48_271 % 0x7fff_ffff;
            state.to_le_bytes()[1]
        })
    })
}
