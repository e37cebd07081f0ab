/**
 * pgwatch's gRPC service, {@code Receiver}, as versions 4 and later call it: decoders from protobuf straight to the model,
 * and the methods that hand it to a {@link io.github.pgwatchrpc.rpc.pgwatch.Receiver}.
 *
 * <p>Whoever assembles a server calls {@link io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverService#add}; nothing else here
 * is of interest outside. The messages are described in {@code receiver.proto} beside this package's classes.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import org.jspecify.annotations.NullMarked;
