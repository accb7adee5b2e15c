//! Tests across the whole rig; see `tests/tests/`.
