package io.github.pgwatchrpc.rpc.tls;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.NettyRuntime;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Phaser;
import javax.net.ssl.SSLSocket;
import org.slf4j.LoggerFactory;

/**
 * The figures of this module, for running by hand on the test class path: {@code start DIR} (from nothing, or with what
 * is in DIR, to the first engine), {@code idle DIR CONNECTIONS} (heap of open connections; the clients are another
 * process), {@code handshakes DIR SECONDS} (full and resumed, with the clients in this process).
 */
final class TlsFigures {
    private static final PrintStream OUT = System.out;

    private TlsFigures() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "start" -> start(directory);
            case "idle" -> idle(directory, Integer.parseInt(arguments[2]));
            case "clients" -> clients(directory, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
            default -> throw new IllegalArgumentException("figure: '" + arguments[0] + "' (expected: start, idle)");
        }
    }

    private static void start(Path directory) throws IOException {
        // what a server has loaded by then whether it speaks TLS or not
        LoggerFactory.getLogger(TlsFigures.class).info("Netty on {} threads", NettyRuntime.availableProcessors());
        NetUtil.isValidIpV4Address("");
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long begin = System.nanoTime();
        long cpu = threads.getCurrentThreadCpuTime();
        ServerTls tls = ServerTls.withAuthority(directory, List.of()).open();
        long opened = System.nanoTime();
        tls.context().newEngine(UnpooledByteBufAllocator.DEFAULT);
        OUT.printf(
                "context after %.0f ms, first engine after %.0f ms, %.0f ms of them on the processor%n",
                (opened - begin) / 1e6,
                (System.nanoTime() - begin) / 1e6,
                (threads.getCurrentThreadCpuTime() - cpu) / 1e6);
    }

    private static void idle(Path directory, int connections) throws Exception {
        ServerTls tls = ServerTls.withAuthority(directory, List.of()).open();
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        Phaser handshakes = new Phaser(1);
        for (boolean secure : new boolean[] {false, true}) {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            if (secure) {
                                SslHandler handler = tls.context().newHandler(channel.alloc());
                                channel.pipeline().addLast(handler);
                                handler.handshakeFuture().addListener(done -> handshakes.arrive());
                            } else {
                                channel.eventLoop().execute(handshakes::arrive);
                            }
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            Process first = connect(directory, port, secure ? 10 : -10, handshakes);
            long before = usedHeap();
            Process second = connect(directory, port, secure ? connections : -connections, handshakes);
            long after = usedHeap();
            OUT.printf(
                    "%d idle %s connections: %.1f kB heap each; pool: %d kB direct, %d kB heap%n",
                    connections,
                    secure ? "TLS" : "plain",
                    (after - before) / 1000.0 / connections,
                    PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() / 1000,
                    PooledByteBufAllocator.DEFAULT.metric().usedHeapMemory() / 1000);
            first.destroy();
            second.destroy();
            server.close().sync();
        }
        group.shutdownGracefully().sync();
    }

    private static Process connect(Path directory, int port, int connections, Phaser handshakes) throws IOException {
        handshakes.bulkRegister(Math.abs(connections));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TlsFigures.class.getName(),
                        "clients",
                        directory.toString(),
                        Integer.toString(port),
                        Integer.toString(connections))
                .redirectErrorStream(true)
                .start();
        handshakes.arriveAndAwaitAdvance();
        for (int i = 0; i < Math.abs(connections); i++) {
            handshakes.arriveAndDeregister();
        }
        return process;
    }

    private static void clients(Path directory, int port, int connections) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        JdkClient client = JdkClient.trusting(directory.resolve(AuthorityDirectory.AUTHORITY_CERTIFICATE));
        for (int i = 0; i < Math.abs(connections); i++) {
            if (connections > 0) {
                SSLSocket socket =
                        client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), "localhost");
                sockets.add(socket);
            } else {
                sockets.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
        }
        OUT.println(sockets.size() + " open");
        // until the other process ends this one
        Thread.sleep(Long.MAX_VALUE);
    }

    private static long usedHeap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            System.gc();
            Thread.sleep(200);
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
