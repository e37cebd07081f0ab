package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Unpacks messages, however much they claim to hold, up to a limit. */
final class Gzip {

    private static final int ROOM = 4 << 10;

    private Gzip() {}

    static byte[] unpack(byte[] bytes, int offset, int length, int limit) throws RpcException {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes, offset, length), ROOM)) {
            byte[] unpacked = in.readNBytes(limit);
            if (unpacked.length == limit && in.read() >= 0) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, "bytes of a message, unpacked: more than " + limit);
            }
            return unpacked;
        } catch (RpcException e) {
            throw e;
        } catch (IOException e) {
            throw new RpcException(Kind.INVALID_ARGUMENT, "gzip: " + e.getMessage());
        }
    }
}
