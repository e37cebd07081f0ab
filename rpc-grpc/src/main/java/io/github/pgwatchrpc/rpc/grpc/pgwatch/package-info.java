/**
 * pgwatch's gRPC service, {@code Receiver}, as versions 4 and later call it: decoders from protobuf straight to the model
 * and encoders back, the methods that hand it to a {@link io.github.pgwatchrpc.rpc.pgwatch.Receiver}, and a client.
 *
 * <p>Whoever assembles a server calls {@link io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverService#add}, whoever calls one
 * makes a {@link io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient}. The messages are described in {@code receiver.proto} beside this package's classes.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import org.jspecify.annotations.NullMarked;
