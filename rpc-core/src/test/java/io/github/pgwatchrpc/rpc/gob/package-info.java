/**
 * Tests of the gob codec. Most stand on the golden vectors in src/test/resources/gob, which Go has written; {@link
 * io.github.pgwatchrpc.rpc.gob.Golden} finds them, {@link io.github.pgwatchrpc.rpc.gob.Tagged} brings decoded values into
 * the form of their truth.
 */
package io.github.pgwatchrpc.rpc.gob;
