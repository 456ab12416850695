//! Plain reference functions, one a scalar operation: the constant folder's and the tests' oracle.
