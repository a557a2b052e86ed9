//! Opens the store that the settings name.

use std::sync::Arc;

use ihs_config::Settings;

use crate::{embedded::Embedded, error::StoreError, mongo::Mongo, port::Store};

/// Opens the embedded store in the data folder, or connects to MongoDB.
///
/// # Errors
/// What [`Embedded::open`] and [`Mongo::connect`] say.
pub async fn open(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    if settings.store.is_embedded() {
        let store = Embedded::open(&settings.server.data_dir, &settings.store).await?;
        Ok(Arc::new(store))
    } else {
        Ok(Arc::new(Mongo::connect(&settings.store).await?))
    }
}
