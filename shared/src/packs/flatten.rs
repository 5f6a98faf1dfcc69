//! Two tables of ranges as one: for each stretch of addresses what both say of it.

/// A range of keys, both ends included, and what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<V> {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) value: V,
}

/// From which key on something holds.
type Steps<V> = Vec<(u64, V)>;

/// What both tables say, from each key on until the next. Where ranges of one table overlap, the earlier one counts.
pub(super) fn flatten<A, B>(one: Vec<Span<A>>, other: Vec<Span<B>>) -> Steps<(A, B)>
where
    A: Copy + Default + PartialEq,
    B: Copy + Default + PartialEq,
{
    let (one, other) = (steps(one), steps(other));
    let (mut a, mut b) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    let mut joined: Steps<(A, B)> = Vec::with_capacity(one.len() + other.len());
    let mut now = (A::default(), B::default());
    while let Some(at) =
        [a.peek().map(|step| step.0), b.peek().map(|step| step.0)].into_iter().flatten().min()
    {
        if let Some((_, value)) = a.next_if(|step| step.0 == at) {
            now.0 = value;
        }
        if let Some((_, value)) = b.next_if(|step| step.0 == at) {
            now.1 = value;
        }
        if joined.last().is_none_or(|(_, before)| *before != now) {
            joined.push((at, now));
        }
    }
    joined
}

fn steps<V: Copy + Default>(mut spans: Vec<Span<V>>) -> Steps<V> {
    spans.sort_by_key(|span| span.first);
    let mut steps = vec![(0, V::default())];
    let mut free = Some(0_u64);
    for span in spans {
        let Some(next) = free else { break };
        let first = span.first.max(next);
        if first > span.last {
            continue;
        }
        // What ended here may begin anew here.
        while steps.last().is_some_and(|(at, _)| *at >= first) {
            steps.pop();
        }
        steps.push((first, span.value));
        free = span.last.checked_add(1);
        steps.extend(free.map(|end| (end, V::default())));
    }
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span<u8>>> {
        let span = (0..200_u64, 0..20_u64, 1..4_u8).prop_map(|(first, length, value)| Span {
            first,
            last: first + length,
            value,
        });
        prop::collection::vec(span, 0..20)
    }

    /// The first range in order of start that holds a key and whose key no earlier one has taken.
    fn said(spans: &[Span<u8>], key: u64) -> u8 {
        let mut sorted = spans.to_vec();
        sorted.sort_by_key(|span| span.first);
        let holds = sorted.iter().find(|span| (span.first..=span.last).contains(&key));
        holds.map_or(0, |span| span.value)
    }

    proptest! {
        #[test]
        fn each_key_has_what_the_tables_say_of_it(one in spans(), other in spans()) {
            let joined = flatten(one.clone(), other.clone());
            prop_assert_eq!(joined[0].0, 0);
            prop_assert!(joined.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
            for key in 0..230 {
                let place = joined.partition_point(|(at, _)| *at <= key) - 1;
                prop_assert_eq!(joined[place].1, (said(&one, key), said(&other, key)), "at {}", key);
            }
        }
    }

    #[test]
    fn the_last_key_of_all_ends_nothing() {
        let whole = Span { first: u64::MAX, last: u64::MAX, value: 7_u8 };
        assert_eq!(flatten(vec![whole], Vec::<Span<u8>>::new()), [(0, (0, 0)), (u64::MAX, (7, 0))]);
    }
}
