/**
 * pgwatch's service on top of the protocols: what its clients call ({@code Receiver.UpdateMeasurements}, {@code
 * Receiver.SyncMetric}) in all the shapes of its released versions, mapped to one model.
 *
 * <p>A protocol's codec fills {@link io.github.pgwatchrpc.measurement.MeasurementEnvelope}s here; a {@link
 * io.github.pgwatchrpc.rpc.pgwatch.Receiver} takes them, stores them and answers. Whoever assembles a server writes the
 * receiver; {@link io.github.pgwatchrpc.rpc.pgwatch.KeyGate} knows where pgwatch v3 and clients like it put a key. What the receiver does with measurements is not this room's business.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.pgwatch;

import org.jspecify.annotations.NullMarked;
