package io.github.pgwatchrpc.rpc.gob;

/**
 * A type as a sender described it, with the table in which the numbers of its parts are looked up.
 *
 * @param types the table
 * @param type one of its types
 */
record WireType(GobTypes types, GobType type) {}
