//! The few figures that many numbers are told by.

/// The middle of some values; the mean of the two in the middle where their number is even.
///
/// Not a number where there are none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = values.get(middle.wrapping_sub(1)).copied();
    lower.map_or(f64::NAN, |lower| f64::midpoint(lower, upper))
}

/// The smallest of some sorted values that so many of a thousand do not exceed (nearest rank).
///
/// Nothing where there are none.
pub fn per_mille<T: Copy>(sorted: &[T], of_thousand: usize) -> Option<T> {
    let rank = (sorted.len() * of_thousand).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_number_of_values_has_the_mean_of_the_middle_two() {
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 3.0]) - 3.0).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<u64> = (1..=1000).collect();
        for (of_thousand, value) in [(0, 1), (500, 500), (990, 990), (999, 999), (1000, 1000)] {
            assert_eq!(per_mille(&values, of_thousand), Some(value));
        }
        assert_eq!(per_mille(&[1, 2, 3], 500), Some(2));
        assert_eq!(per_mille(&[1, 2, 3], 990), Some(3));
        assert_eq!(per_mille::<u64>(&[], 500), None);
    }
}
