//! The demo clinic.
//!
//! - [`plan`]: who is there and what they have said
//! - [`names`], [`talks`]: what the plan draws from
//! - [`records`]: the plan as what is stored

mod names;
pub(crate) mod plan;
pub(crate) mod records;
mod talks;
