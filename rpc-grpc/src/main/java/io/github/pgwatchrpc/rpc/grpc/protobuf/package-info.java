/**
 * Protobuf's wire format over byte arrays: a reader that hands out tags, numbers and places, and a writer. No messages, no
 * generated code: a decoder asks for the fields it wants and skips the others.
 *
 * <p>The format: <a href="https://protobuf.dev/programming-guides/encoding/">protobuf.dev, Encoding</a>. Used by the codecs
 * of the service in {@code pgwatch} and by the small services of the gRPC server itself.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.grpc.protobuf;

import org.jspecify.annotations.NullMarked;
