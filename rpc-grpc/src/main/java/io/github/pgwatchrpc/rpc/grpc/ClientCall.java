package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.netrpc.CallTimeoutException;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A call of a client: gRPC's rules for the answer on one stream, from headers, bytes and trailers to one message or the
 * reason why there is none. Used on the connection's event loop only.
 */
final class ClientCall implements MessageAssembler.Listener {

    private static final String CONTENT_TYPE = "application/grpc";

    final String path;
    final byte[] message;
    final Map<String, String> metadata;
    final CompletableFuture<byte[]> answer = new CompletableFuture<>();

    private final MessageAssembler assembler;
    private byte @Nullable [] reply;
    private boolean begun;

    ClientCall(String path, byte[] message, Map<String, String> metadata, int messageBytes) {
        this.path = path;
        this.message = message;
        this.metadata = metadata;
        // an answer's room grows as its bytes come, and the calls in flight are the caller's
        this.assembler = new MessageAssembler(messageBytes, MemoryAccount.unlimited(), this);
    }

    /** Takes the headers or, with the last of them, the trailers. */
    void headers(Http2Headers headers, boolean last) throws IOException {
        CharSequence http = headers.status();
        if (!begun && http != null && http.length() == 3 && http.charAt(0) == '1') {
            return; // an interim answer (RFC 9110, section 15.2)
        }
        if (!begun) {
            begun = true;
            requireGrpc(headers);
        }
        if (last) {
            end(headers);
        }
    }

    /** What stands between client and server may answer with HTTP alone. */
    private static void requireGrpc(Http2Headers headers) throws RpcException {
        CharSequence type = headers.get("content-type");
        boolean isGrpc = type != null && type.toString().startsWith(CONTENT_TYPE);
        String http = String.valueOf(headers.status());
        if (headers.get("grpc-status") == null && !(http.equals("200") && isGrpc)) {
            throw new RpcException(
                    StatusCode.kindOfHttp(http),
                    "no answer of gRPC: HTTP status " + http + ", content-type " + type + " (expected: 200, "
                            + CONTENT_TYPE + ")");
        }
    }

    /** Takes the next bytes of the answer. */
    void data(byte[] bytes) throws IOException {
        if (!begun) {
            throw new RpcException(Kind.INTERNAL, "the answer begins without headers");
        }
        try {
            assembler.feed(bytes, 0, bytes.length);
        } catch (ProtoException e) {
            throw new AssertionError("messages are not looked into here", e);
        }
    }

    @Override
    public void message(byte[] bytes, int offset, int length, boolean packed) throws RpcException {
        if (packed) {
            throw new RpcException(Kind.INTERNAL, "the answer is packed, which was not offered");
        }
        if (reply != null) {
            throw new RpcException(Kind.INTERNAL, "the answer has a second message (expected: one)");
        }
        reply = Arrays.copyOfRange(bytes, offset, offset + length);
    }

    /** The stream ended, with bytes or with trailers that do not say how. */
    static RpcException withoutStatus() {
        return new RpcException(Kind.UNKNOWN, "the answer ends without grpc-status");
    }

    private void end(Http2Headers trailers) throws IOException {
        CharSequence status = trailers.get("grpc-status");
        if (status == null) {
            throw withoutStatus();
        }
        int code = StatusCode.parse(status.toString());
        if (code == StatusCode.OK.number) {
            succeed();
            return;
        }
        CharSequence text = trailers.get("grpc-message");
        String reason = text == null || text.length() == 0
                ? "grpc-status " + code + ", without a text"
                : StatusCode.percentDecode(text.toString());
        if (code == StatusCode.DEADLINE_EXCEEDED.number) {
            throw new CallTimeoutException("rpc: " + name() + ": " + reason);
        }
        throw new RpcException(StatusCode.kind(code), reason);
    }

    private void succeed() throws RpcException {
        byte[] is = reply;
        if (assembler.isInMessage()) {
            throw new RpcException(Kind.INTERNAL, "the answer ends in the middle of a message");
        }
        if (is == null) {
            throw new RpcException(Kind.INTERNAL, "the answer is OK, but has no message");
        }
        answer.complete(is);
    }

    /** The server broke the call off. */
    void reset(long code) {
        Http2Error error = Http2Error.valueOf(code);
        String name = error == null ? Long.toString(code) : error.name();
        // by gRPC's PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping: Errors"
        Kind kind = error == Http2Error.REFUSED_STREAM
                ? Kind.UNAVAILABLE
                : error == Http2Error.ENHANCE_YOUR_CALM ? Kind.RESOURCE_EXHAUSTED : Kind.INTERNAL;
        fail(new RpcException(kind, "the server reset the call: " + name));
    }

    void fail(Throwable why) {
        assembler.close();
        answer.completeExceptionally(why);
    }

    /** {@code Service.Method}. */
    String name() {
        return path.substring(1).replace('/', '.');
    }
}
