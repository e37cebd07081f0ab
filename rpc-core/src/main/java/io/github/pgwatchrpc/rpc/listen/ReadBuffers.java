package io.github.pgwatchrpc.rpc.listen;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * Gives a socket its read buffers, small ones as long as the peer is a stranger: what it has sent and nobody could read to the
 * end, such as half a TLS record, stays in the buffer that it came in.
 */
final class ReadBuffers implements RecvByteBufAllocator {

    private static final int STRANGERS = 4 << 10;

    /** As Netty has it for sockets. */
    private static final int READS_AT_A_TIME = 16;

    private final Connection connection;

    ReadBuffers(Connection connection) {
        this.connection = connection;
    }

    @Override
    @SuppressWarnings("deprecation") // it is what the interface asks for
    public Handle newHandle() {
        return new DelegatingHandle(new AdaptiveRecvByteBufAllocator()
                .maxMessagesPerRead(READS_AT_A_TIME)
                .newHandle()) {
            @Override
            public int guess() {
                int usual = super.guess();
                return connection.isAdmitted() ? usual : Math.min(usual, STRANGERS);
            }

            @Override
            public ByteBuf allocate(ByteBufAllocator buffers) {
                return buffers.ioBuffer(guess());
            }
        };
    }
}
