/**
 * A small gRPC server for one port among other protocols, and a client: unary calls, health and reflection, on Netty's
 * HTTP/2 codec.
 *
 * <p>{@link io.github.pgwatchrpc.rpc.grpc.GrpcServer} is what a program builds; a {@link
 * io.github.pgwatchrpc.rpc.listen.RpcListener} hands it connections. Inside, {@code GrpcConnection} keeps the rules of
 * HTTP/2 and of the connection, {@code Call} those of gRPC for one stream, {@code MessageAssembler} cuts bytes into
 * messages, {@code Handler}s make something of them. {@link io.github.pgwatchrpc.rpc.grpc.GrpcClient} is the other end:
 * {@code GrpcClientConnection} with a {@code ClientCall} for each stream, and {@code Reconnection}. Why it is not grpc-java:
 * docs/adr/0004-grpc-on-one-port.md.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.grpc;

import org.jspecify.annotations.NullMarked;
