//! Opens the store that the settings name.

use std::sync::Arc;

use ihs_config::Settings;

use crate::{embedded::Embedded, error::StoreError, mongo::Mongo, port::Store};

/// Opens the embedded store in the data folder, or connects to MongoDB.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database cannot be reached or is in use by another
/// process, [`StoreError::Failed`] when it is damaged or of a newer version.
pub async fn open(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    match settings.store.is_embedded() {
        true => Ok(Arc::new(Embedded::open(&settings.server.data_dir, &settings.store).await?)),
        false => Ok(Arc::new(Mongo::connect(&settings.store).await?)),
    }
}
