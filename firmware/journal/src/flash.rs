//! Flash that answers at once, for a journal that may wait for it: the chip halts the core while
//! it writes, so there is nothing to await.

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as awaited;

/// A blocking flash, as one to await.
pub(crate) struct AtOnce<'a, F>(pub(crate) &'a mut F);

impl<F: ErrorType> ErrorType for AtOnce<'_, F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> awaited::ReadNorFlash for AtOnce<'_, F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> awaited::NorFlash for AtOnce<'_, F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write(offset, bytes)
    }
}
