//! One update of both engines from the same weights on the same batch.

use super::*;

#[test]
fn losses_gradients_and_steps_are_those_of_the_processor() {
    let mut largest = [0.0_f64; 3];
    for (training, classes, lacking) in cases() {
        let Some(device) = Emulator::new() else { return };
        let plan = Plan { inputs: inputs(), classes, training };
        let batch = specimens("specimens", 75, classes, lacking);
        let twin = specimens("their twins", 75, classes, lacking);
        let found = compare(device, &plan, &batch, &twin).unwrap();
        assert!(found.holds(), "{found:?} {plan:?}");
        for (largest, found) in
            largest.iter_mut().zip([found.losses, found.gradients.0, found.step])
        {
            *largest = largest.max(found);
        }
    }
    assert!(largest[1] > 0.0, "{largest:?}");
    println!("{largest:?}");
}
