package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/** Unpacks messages, however much they claim to hold, up to a limit, and charges what it makes while it makes it. */
final class Gzip implements AutoCloseable {

    private static final int ROOM = 4 << 10;

    /** Measurements become a twentieth to a fortieth; what becomes less than this was made to keep us busy. */
    private static final int FACTOR = 64;

    private static final int ALWAYS = 64 << 10;

    private final MemoryAccount account;
    private byte[] unpacked = {};
    private int size;

    private Gzip(MemoryAccount account) {
        this.account = account;
    }

    /**
     * Unpacks a message.
     *
     * @param limit most bytes that may come out
     * @return what came out, to be closed when nobody looks at it any more
     */
    static Gzip unpack(byte[] bytes, int offset, int length, int limit, MemoryAccount account) throws RpcException {
        Gzip result = new Gzip(account);
        int bound = (int) Math.min(limit, ALWAYS + (long) FACTOR * length);
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes, offset, length), ROOM)) {
            result.readAll(in, bound);
            return result;
        } catch (RpcException e) {
            result.close();
            throw e;
        } catch (IOException e) {
            result.close();
            throw new RpcException(Kind.INVALID_ARGUMENT, "gzip: " + e.getMessage());
        }
    }

    private void readAll(InputStream in, int bound) throws IOException {
        while (true) {
            if (size == unpacked.length) {
                // a byte more than may come out, to see whether it does
                grow(Math.min(bound + 1, Math.max(ROOM, 2 * size)));
            }
            int count = in.read(unpacked, size, unpacked.length - size);
            if (count < 0) {
                return;
            }
            size += count;
            if (size > bound) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, "bytes of a message, unpacked: more than " + bound);
            }
        }
    }

    private void grow(int capacity) throws RpcException {
        int more = capacity - unpacked.length;
        if (!account.take(more)) {
            throw new RpcException(Kind.RESOURCE_EXHAUSTED, account.noRoomFor(more));
        }
        unpacked = Arrays.copyOf(unpacked, capacity);
    }

    byte[] bytes() {
        return unpacked;
    }

    int size() {
        return size;
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        account.giveBack(unpacked.length);
        unpacked = new byte[0];
        size = 0;
    }
}
