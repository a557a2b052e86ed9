//! stub
use crate::{cli::NodeArgs, failure::Failure};
pub(crate) fn run(_args: NodeArgs) -> Result<(), Failure> {
    Ok(())
}
