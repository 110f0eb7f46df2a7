//! A column of whole numbers: nothing when they are all the same, else the distance from the least of them or from the
//! one before, in as few bits as hold the largest or as planes of bytes.

use super::{Pool, Sink, Source, damaged};
use crate::SegmentError;
use crate::bytes::put_signed;
use std::io;

const SAME: u8 = 0;
const BITS: u8 = 1;
const PLANES: u8 = 2;
const STEPS: u8 = 3;

/// Writes a column.
pub(crate) fn write(sink: &mut Sink, values: &[i64]) -> io::Result<()> {
    if values.len() > 2 && steps_are_smaller(values) {
        sink.head.push(STEPS);
        put_signed(&mut sink.head, values[0]);
        let steps: Vec<i64> = values.windows(2).map(|w| w[1].wrapping_sub(w[0])).collect();
        return distances(sink, &steps);
    }
    distances(sink, values)
}

fn width(value: u64) -> u32 {
    64 - value.leading_zeros()
}

/// Bits of a number with its sign.
pub(super) fn signed_width(value: i64) -> u32 {
    width((value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned())
}

fn steps_are_smaller(values: &[i64]) -> bool {
    let least = values.iter().copied().min().unwrap_or(0);
    let far: u64 = values.iter().map(|v| u64::from(width(v.wrapping_sub(least).cast_unsigned()))).sum();
    let step = |w: &[i64]| u64::from(signed_width(w[1].wrapping_sub(w[0])));
    let near: u64 = values.windows(2).map(step).sum();
    near * 4 < far * 3
}

fn distances(sink: &mut Sink, values: &[i64]) -> io::Result<()> {
    let least = values.iter().copied().min().unwrap_or(0);
    let most = values.iter().copied().max().unwrap_or(0);
    let bits = width(most.wrapping_sub(least).cast_unsigned());
    if bits == 0 {
        sink.head.push(SAME);
        put_signed(&mut sink.head, least);
        return Ok(());
    }
    let distance = |v: &i64| v.wrapping_sub(least).cast_unsigned();
    let bytes = bits.div_ceil(8) as usize;
    let planes: Vec<Vec<u8>> =
        (0..bytes).map(|p| values.iter().map(|v| distance(v).to_le_bytes()[p]).collect()).collect();
    let mark = sink.head.len();
    sink.head.push(PLANES);
    put_signed(&mut sink.head, least);
    sink.head.push(u8::try_from(bits).unwrap_or(64));
    if bytes == 1 {
        let packed = (values.len() * bits as usize).div_ceil(8);
        if sink.payload_below(&planes[0], packed)? {
            return Ok(());
        }
        // Few values compress better as bytes when they lie in the pool.
        if values.len() >= 2048 {
            sink.head[mark] = BITS;
            return sink.payload(Pool::Numbers, &pack(values.iter().map(distance), bits));
        }
    }
    if bytes > 1 && bits < 8 * u32::try_from(bytes).unwrap_or(8) && values.len() >= 2048 {
        // The highest plane is rarely full: what zstd makes of planes decides against plain bits.
        return wide(sink, &planes, (values, least, bits), mark);
    }
    planes.iter().try_for_each(|plane| sink.payload(Pool::Numbers, plane))
}

/// Writes planes, and takes them back when packed bits are smaller.
fn wide(sink: &mut Sink, planes: &[Vec<u8>], column: (&[i64], i64, u32), mark: usize) -> io::Result<()> {
    let (values, least, bits) = column;
    let (head, alone, plain) = (sink.head.len(), sink.alone.len(), sink.plain);
    planes.iter().try_for_each(|plane| sink.payload(Pool::Numbers, plane))?;
    let packed = (values.len() * bits as usize).div_ceil(8);
    if sink.alone.len() - alone > packed {
        sink.head.truncate(head);
        sink.alone.truncate(alone);
        sink.plain = plain;
        sink.head[mark] = BITS;
        sink.payload(
            Pool::Numbers,
            &pack(values.iter().map(|v| v.wrapping_sub(least).cast_unsigned()), bits),
        )?;
    }
    Ok(())
}

/// Packs numbers of `bits` bits, lowest bit first.
fn pack(values: impl Iterator<Item = u64>, bits: u32) -> Vec<u8> {
    let (mut out, mut held, mut many) = (vec![], 0u128, 0);
    for value in values {
        held |= u128::from(value) << many;
        many += bits;
        while many >= 8 {
            out.push(held.to_le_bytes()[0]);
            held >>= 8;
            many -= 8;
        }
    }
    if many > 0 {
        out.push(held.to_le_bytes()[0]);
    }
    out
}

/// Reads a column of `many` values.
pub(crate) fn read(source: &mut Source<'_>, many: usize) -> Result<Vec<i64>, SegmentError> {
    let form = source.head.take(1)?[0];
    if form != STEPS {
        return read_distances(source, form, many);
    }
    let mut value = source.head.signed()?;
    let form = source.head.take(1)?[0];
    let mut values = vec![value];
    let steps = many.checked_sub(1).ok_or(damaged("steps without a first"))?;
    values.extend(read_distances(source, form, steps)?);
    for at in &mut values[1..] {
        value = value.wrapping_add(*at);
        *at = value;
    }
    Ok(values)
}

fn read_distances(source: &mut Source<'_>, form: u8, many: usize) -> Result<Vec<i64>, SegmentError> {
    let least = source.head.signed()?;
    if form == SAME {
        return Ok(vec![least; many]);
    }
    let bits = u32::from(source.head.take(1)?[0]);
    if bits == 0 || bits > 64 {
        return Err(damaged("numbers of a strange width"));
    }
    match form {
        BITS => {
            let packed = source.payload(Pool::Numbers)?;
            if many.checked_mul(bits as usize).map(|b| b.div_ceil(8)) != Some(packed.len()) {
                return Err(damaged("numbers have another length"));
            }
            Ok(unpack(&packed, bits, many).map(|v| least.wrapping_add(v.cast_signed())).collect())
        }
        PLANES => {
            let mut values = vec![];
            for plane in 0..bits.div_ceil(8) {
                let bytes = source.payload(Pool::Numbers)?;
                if bytes.len() != many {
                    return Err(damaged("numbers have another length"));
                }
                if plane == 0 {
                    values = bytes.iter().map(|&b| u64::from(b)).collect();
                } else {
                    values.iter_mut().zip(&bytes).for_each(|(v, &b)| *v |= u64::from(b) << (8 * plane));
                }
            }
            Ok(values.into_iter().map(|v: u64| least.wrapping_add(v.cast_signed())).collect())
        }
        _ => Err(damaged("numbers in an unknown form")),
    }
}

fn unpack(packed: &[u8], bits: u32, many: usize) -> impl Iterator<Item = u64> {
    let mask = u128::from(u64::MAX >> (64 - bits));
    (0..many).map(move |n| {
        let at = n * bits as usize;
        let mut word = [0; 16];
        let rest = &packed[at / 8..packed.len().min(at / 8 + 16)];
        word[..rest.len()].copy_from_slice(rest);
        let value = u128::from_le_bytes(word) >> (at % 8) & mask;
        u64::try_from(value).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Parts;
    use super::*;
    use proptest::prelude::*;

    fn size_after_a_round(values: &[i64]) -> usize {
        let mut sink = Sink::new().expect("a compressor");
        write(&mut sink, values).expect("packs");
        let bytes = sink.finish().expect("packs").expect("small");
        let (parts, alone) = Parts::open(&bytes).expect("opens");
        let mut source = parts.source(alone).expect("opens");
        assert_eq!(read(&mut source, values.len()).expect("reads"), values);
        assert!(source.is_empty());
        bytes.len()
    }

    #[test]
    fn numbers_cost_what_they_say() {
        assert!(size_after_a_round(&[1_793_527_200; 5000]) < 40);
        assert!(size_after_a_round(&(0..5000).map(|n| n * 7 - 3).collect::<Vec<_>>()) < 40);
        let noise: Vec<i64> = (0..5000i64).map(|n| (n * n * 7919 + n) % 1013).collect();
        assert!(size_after_a_round(&noise) < 5000 * 10 / 8 + 60);
        size_after_a_round(&[]);
        size_after_a_round(&[i64::MIN, i64::MAX, 0]);
    }

    proptest! {
        #[test]
        fn any_numbers_survive(values in prop::collection::vec(any::<i64>(), 0..50), shift in 0u32..64, many in 1usize..200) {
            let values: Vec<i64> = values.iter().map(|v| v >> shift).collect();
            size_after_a_round(&values.repeat(many));
        }
    }
}
