//! Nobody sees, counts or changes what the policy forbids: whatever has happened in the clinic, and
//! whoever asks whichever question.
//!
//! - this file: the property; [`step`]: what can happen; [`world`]: the people and what is known
//! - [`rights`]: the policy said again, over what has happened instead of over what is stored
//! - [`question`]: what is asked

mod question;
mod rights;
mod step;
mod world;

use proptest::{collection::vec, prelude::*};

use question::{Attempt, Question};
use step::Step;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_sees_counts_or_changes_what_the_policy_forbids(
        steps in vec(Step::any(), 10..60),
        questions in vec(Question::any(), 60),
        attempts in vec(Attempt::any(), 30),
    ) {
        actix_web::rt::System::new().block_on(async {
            let mut world = World::open().await;
            for step in &steps {
                step.take(&mut world).await;
            }
            question::sweep(&world).await;
            for question in &questions {
                question.ask(&world).await;
            }
            for attempt in &attempts {
                attempt.make(&mut world).await;
            }
        });
    }
}
