//! Delta debugging: leaves out of a list whatever isn't needed.

/// The items that are left when none can be left out any more without `holds` becoming false. `holds`
/// is true for `items`; it is asked of ever smaller parts, big pieces first and those at the end
/// before those at the beginning.
pub(crate) fn ddmin<T: Clone, E>(
    mut items: Vec<T>,
    mut holds: impl FnMut(&[T]) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    let mut piece = items.len().div_ceil(2);
    while piece > 0 {
        let before = items.len();
        let mut end = items.len();
        while end > 0 {
            let start = end.saturating_sub(piece);
            let rest = [&items[..start], &items[end..]].concat();
            if holds(&rest)? {
                items = rest;
            }
            end = start;
        }
        // What could not go before may go now that others have gone.
        if piece > 1 || items.len() == before {
            piece /= 2;
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn minimal(items: Vec<u8>, holds: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        ddmin(items, |part| Ok::<bool, Infallible>(holds(part))).unwrap()
    }

    #[test]
    fn what_is_needed_stays_in_its_order() {
        let holds = |part: &[u8]| part.contains(&3) && part.contains(&17);
        assert_eq!(minimal((0..40).collect(), holds), [3, 17]);
        assert_eq!(minimal((0..40).collect(), |_| true), [0u8; 0]);
    }

    #[test]
    fn an_error_ends_it() {
        assert_eq!(
            ddmin(vec![1, 2], |_| Err::<bool, &str>("stop")),
            Err("stop")
        );
    }

    proptest! {
        /// Whatever the predicate, monotone or not: it holds of the result, and of no result with one
        /// item less.
        #[test]
        fn no_single_item_can_go(
            items in prop::collection::vec(0u8..12, 0..24),
            modulus in 1usize..5,
            wanted in prop::collection::vec(0u8..12, 0..4),
        ) {
            let holds = |part: &[u8]| {
                let sum: usize = part.iter().map(|item| usize::from(*item)).sum();
                wanted.iter().all(|item| part.contains(item)) && sum.is_multiple_of(modulus)
            };
            prop_assume!(holds(&items));
            let result = minimal(items, holds);
            prop_assert!(holds(&result));
            for index in 0..result.len() {
                let mut less = result.clone();
                less.remove(index);
                prop_assert!(!holds(&less), "{result:?} without its item {index}");
            }
        }
    }
}
