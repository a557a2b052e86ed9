//! The demo clinic.
//!
//! - [`plan`]: who is there and what they have said
//! - [`names`], [`talks`]: what the plan draws from

mod names;
pub(crate) mod plan;
mod talks;
