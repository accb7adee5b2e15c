//! Mistakes that owners of such locks have met, each behind a feature that no released build has. They
//! give the rig something to find: what is wrong is known, and an image has it or not.

/// A code is only kept in slot 1; any other is forgotten with the power.
pub(crate) const SLOT_1_ONLY: bool = cfg!(feature = "field-slot-1-only");
/// With eight codes or more the last but one is not looked at.
pub(crate) const EIGHT_CODES: bool = cfg!(feature = "field-eight-codes");
/// A lock without a code takes none from the hub.
pub(crate) const EMPTY_REFUSES_HUB: bool = cfg!(feature = "field-empty-refuses-hub");
/// A code of a wrong length from the hub leaves every later change refused as busy.
pub(crate) const LENGTH_WEDGES: bool = cfg!(feature = "field-length-wedges");
/// A jam on the hub's word is told as locked.
pub(crate) const JAM_AS_LOCKED: bool = cfg!(feature = "field-jam-as-locked");
/// The motor is refused at 1.3 V a cell.
pub(crate) const EARLY_REFUSAL: bool = cfg!(feature = "field-early-refusal");
/// The first status after a command of the hub is the one before it.
pub(crate) const STATUS_LAGS: bool = cfg!(feature = "field-status-lags");
/// The lock locks itself whatever switch 2 says.
pub(crate) const RELOCKS: bool = cfg!(feature = "field-relocks");

/// The mistakes that this build has.
pub const FIELD_BUGS: &[&str] = &[
    #[cfg(feature = "field-slot-1-only")]
    "field-bug:slot-1-only",
    #[cfg(feature = "field-eight-codes")]
    "field-bug:eight-codes",
    #[cfg(feature = "field-empty-refuses-hub")]
    "field-bug:empty-refuses-hub",
    #[cfg(feature = "field-length-wedges")]
    "field-bug:length-wedges",
    #[cfg(feature = "field-jam-as-locked")]
    "field-bug:jam-as-locked",
    #[cfg(feature = "field-early-refusal")]
    "field-bug:early-refusal",
    #[cfg(feature = "field-status-lags")]
    "field-bug:status-lags",
    #[cfg(feature = "field-relocks")]
    "field-bug:relocks",
];
