//! The demo clinic.
//!
//! - [`plan`]: who is there and what they have said
//! - [`names`], [`talks`], [`practice`]: what the plan draws from
//! - [`masses`]: further patients, for measuring
//! - [`records`]: the plan as what is stored; [`care`]: what is done for its people

mod care;
pub(crate) mod masses;
mod names;
pub(crate) mod plan;
mod practice;
pub(crate) mod records;
mod talks;

/// Everybody's password. It is printed, and good for nothing but invented people.
pub(crate) const PASSWORD: &str = "demo-clinic";
