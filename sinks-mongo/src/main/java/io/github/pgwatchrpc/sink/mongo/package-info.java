/**
 * The sink {@code mongodb}: measurements become documents, in time-series collections or in plain ones. What lands where,
 * and what a server has to allow, stands in docs/sinks/mongodb.md.
 *
 * <p>The rooms: {@link io.github.pgwatchrpc.sink.mongo.MongoSinkProvider} has the options and reads them into a {@code
 * Layout}, which says what the target looks like; {@code DriverUri} is the connection string, which is the driver's own;
 * {@code Names} maps names that MongoDB does not take, {@code DocumentWriter} writes rows as BSON; {@code MongoSink} holds
 * the client, {@code Writing} is one write through it, {@code Catalog} knows which collections there are, {@code Probe}
 * looks whether rows could be written, {@code Calls} makes what blocks end when it is interrupted, and {@code Failures}
 * says what an error means. Only the provider is public, and it is found by the service loader: nobody calls into this
 * package by name.
 */
@NullMarked
package io.github.pgwatchrpc.sink.mongo;

import org.jspecify.annotations.NullMarked;
