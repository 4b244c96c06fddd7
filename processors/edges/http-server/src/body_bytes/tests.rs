//! What is read within the budget and beyond it.

use super::*;

fn budget(bytes_max: usize) -> (Arc<BodyBytes>, IntGauge) {
    let gauge = IntGauge::new("held", "help").unwrap();
    (Arc::new(BodyBytes::new(bytes_max, gauge.clone())), gauge)
}

#[test]
fn large_bodies_share_a_budget_and_give_it_back() {
    let (budget, gauge) = budget(100_000);
    let (mut one, mut two) = (HeldBody::new(&budget), HeldBody::new(&budget));
    assert_eq!(one.grow(SMALL_BYTES_MAX + 60_000), Ok(()));
    assert_eq!((gauge.get(), budget.is_short(), one.is_counted()), (60_000, true, true));
    assert_eq!(two.grow(SMALL_BYTES_MAX), Ok(()));
    assert!(!two.is_counted());
    assert_eq!(two.grow(40_001), Err(BudgetExhausted));
    assert_eq!(two.grow(40_000), Ok(()));
    one.shrink(SMALL_BYTES_MAX + 10_000);
    assert_eq!(gauge.get(), 50_000);
    drop(one);
    drop(two);
    assert_eq!((gauge.get(), budget.is_short()), (0, false));
}

#[test]
fn small_bodies_are_read_when_the_budget_is_spent() {
    let (budget, _) = budget(100_000);
    let mut all = HeldBody::new(&budget);
    all.grow(SMALL_BYTES_MAX + 100_000).unwrap();
    let mut small = HeldBody::new(&budget);
    assert_eq!(small.grow(SMALL_BYTES_MAX), Ok(()));
    assert_eq!(small.grow(1), Err(BudgetExhausted));
}
