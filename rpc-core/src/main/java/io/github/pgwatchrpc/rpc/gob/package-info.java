/**
 * Go's {@code encoding/gob} for Java, a library in its own right: it knows nothing of RPC or of pgwatch.
 *
 * <p>A gob stream is a sequence of messages, each with its length in front. A message is either a type definition or
 * (a part of) a value. Three layers read it: {@link io.github.pgwatchrpc.rpc.gob.GobReader} reads numbers and bytes from
 * messages that are wholly there, {@link io.github.pgwatchrpc.rpc.gob.GobTypes} remembers what types the sender has
 * defined, and the decoders on top turn values into Java objects. The format is described in docs/protocol/gob.md, in
 * the order of Go's own page.
 *
 * <p>Nothing here allocates from a length that the sender claims, and everything that a sender controls has a bound in
 * {@link io.github.pgwatchrpc.rpc.gob.GobLimits}.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.gob;

import org.jspecify.annotations.NullMarked;
