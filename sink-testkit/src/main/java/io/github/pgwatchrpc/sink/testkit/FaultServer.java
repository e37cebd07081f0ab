package io.github.pgwatchrpc.sink.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server on the loopback that does with each request what a script says: answers, or fails in one of the ways
 * in which servers fail ({@link FaultAnswer}). Requests are recorded.
 *
 * <pre>{@code
 * try (FaultServer server = FaultServer.start()) {
 *     server.then(FaultAnswer.status(503), FaultAnswer.reset());   // the first two requests; all others get 200
 *     ...
 *     assertEquals(3, server.requests().size());
 * }
 * }</pre>
 *
 * <p>Thread-safe. It speaks over plain sockets, since a well-behaved server can do little of this.
 */
public final class FaultServer implements AutoCloseable {

    private static final int MAX_LINE_BYTES = 64 << 10;
    private static final int MAX_BODY_BYTES = 256 << 20;
    private static final Duration TRICKLE_PAUSE = Duration.ofMillis(20);
    private static final Duration AWAIT_LIMIT = Duration.ofSeconds(30);

    /** How long the rest of a body may take that has been answered early. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private final @Nullable SSLContext tls;
    private final boolean clientCertificate;
    private final Object lock = new Object();
    private final Queue<FaultAnswer> script = new ArrayDeque<>();
    private final List<FaultRequest> requests = new ArrayList<>();
    private final Set<Socket> connections = new HashSet<>();
    private Function<FaultRequest, FaultAnswer> otherwise = request -> FaultAnswer.ok();
    private @Nullable ServerSocket listening;
    private boolean accepting;
    private int port;
    private int awaited;
    private int connected;

    private FaultServer(@Nullable SSLContext tls, boolean clientCertificate) throws IOException {
        this.tls = tls;
        this.clientCertificate = clientCertificate;
        up();
    }

    /**
     * A server without TLS.
     *
     * @return the server, listening on a free port
     * @throws IOException if it cannot listen
     */
    public static FaultServer start() throws IOException {
        return new FaultServer(null, false);
    }

    /**
     * A server with TLS, whose certificate no client knows unless it is told.
     *
     * @param own what it shows
     * @param client what clients must show; null if they need not
     * @return the server, listening on a free port
     * @throws IOException if it cannot listen
     */
    public static FaultServer startTls(TestCertificate own, @Nullable TestCertificate client) throws IOException {
        return new FaultServer(own.context(client), client != null);
    }

    // ---- what it is to do ----

    /**
     * Appends to the script.
     *
     * @param answers what the next requests meet, in the order of their arrival
     * @return this server
     */
    public FaultServer then(FaultAnswer... answers) {
        synchronized (lock) {
            script.addAll(List.of(answers));
        }
        return this;
    }

    /**
     * What requests meet when the script has ended; 200 unless this is called.
     *
     * @param answer the same for all
     * @return this server
     */
    public FaultServer otherwise(FaultAnswer answer) {
        return otherwise(request -> answer);
    }

    /**
     * What requests meet when the script has ended: a backend of one's own.
     *
     * @param backend called by one thread at a time
     * @return this server
     */
    public FaultServer otherwise(Function<FaultRequest, FaultAnswer> backend) {
        synchronized (lock) {
            otherwise = backend;
        }
        return this;
    }

    /**
     * Stops listening and resets all connections, as when the server's process is killed: nobody gets in any more, and no
     * request is taken that was not there whole.
     */
    public void down() {
        synchronized (lock) {
            quietly(listening);
            listening = null;
            connections.forEach(FaultServer::reset);
            connections.clear();
            lock.notifyAll();
            // a thread inside accept keeps the system's socket open, closed or not, until it has woken up
            boolean interrupted = false;
            while (accepting) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Listens again after {@link #down}, on the same port.
     *
     * @throws IOException if it cannot
     */
    public void up() throws IOException {
        synchronized (lock) {
            if (listening != null) {
                return;
            }
            ServerSocket socket = tls == null
                    ? new ServerSocket()
                    : tls.getServerSocketFactory().createServerSocket();
            if (socket instanceof SSLServerSocket secured) {
                secured.setNeedClientAuth(clientCertificate);
            }
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            port = socket.getLocalPort();
            listening = socket;
            accepting = true;
            run(() -> accept(socket));
        }
    }

    /** Stops for good. */
    @Override
    public void close() {
        down();
    }

    // ---- what it has seen ----

    /**
     * Where it listens.
     *
     * @return an address without path, such as {@code http://127.0.0.1:41234}
     */
    public URI uri() {
        synchronized (lock) {
            return URI.create((tls == null ? "http" : "https") + "://127.0.0.1:" + port);
        }
    }

    /**
     * What has been requested so far. A request counts when it is there whole, one that is answered early when its headers
     * are.
     *
     * @return all requests in the order of their arrival
     */
    public List<FaultRequest> requests() {
        synchronized (lock) {
            return List.copyOf(requests);
        }
    }

    /**
     * How often somebody has connected.
     *
     * @return connections, those included that have ended
     */
    public int connections() {
        synchronized (lock) {
            return connected;
        }
    }

    /**
     * Waits for the next request that no call before this one has returned.
     *
     * @return the request
     * @throws InterruptedException if the thread was interrupted
     * @throws AssertionError if none comes within half a minute
     */
    public FaultRequest await() throws InterruptedException {
        long deadline = System.nanoTime() + AWAIT_LIMIT.toNanos();
        synchronized (lock) {
            while (requests.size() <= awaited) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new AssertionError("requests: " + requests.size() + " (expected: " + (awaited + 1) + ")");
                }
                lock.wait(left);
            }
            return requests.get(awaited++);
        }
    }

    // ---- connections ----

    private void accept(ServerSocket socket) {
        try {
            while (true) {
                Socket connection = socket.accept();
                synchronized (lock) {
                    if (listening != socket) {
                        reset(connection);
                        return;
                    }
                    connections.add(connection);
                    connected++;
                }
                run(() -> serve(connection));
            }
        } catch (IOException e) {
            // closed
        } finally {
            synchronized (lock) {
                accepting = false;
                lock.notifyAll();
            }
        }
    }

    private void serve(Socket connection) {
        try {
            // head and body are written one after the other; together with delayed acknowledgements that is 40 ms
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            while (exchange(connection, in, out)) {
                // the next request of the same connection
            }
        } catch (IOException e) {
            // the peer has gone, or does not trust the certificate: what tests are about
        } finally {
            synchronized (lock) {
                connections.remove(connection);
            }
            quietly(connection);
        }
    }

    /** One request; false if it was the connection's last. */
    private boolean exchange(Socket connection, InputStream in, OutputStream out) throws IOException {
        String[] first = line(in).split(" ", -1);
        if (first.length != 3) {
            return false;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.merge(
                        line.substring(0, colon), line.substring(colon + 1).strip(), (a, b) -> a + ", " + b);
            }
        }
        FaultRequest head = new FaultRequest(first[0], first[1], headers, new byte[0]);
        FaultAnswer answer;
        synchronized (lock) {
            answer = script.poll();
            if (answer != null && answer.kind() == FaultAnswer.Kind.EARLY) {
                record(head);
            }
        }
        if (answer == null || answer.kind() != FaultAnswer.Kind.EARLY) {
            if ("100-continue".equalsIgnoreCase(head.header("Expect"))) {
                out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
            FaultRequest request = new FaultRequest(first[0], first[1], headers, body(head, in));
            synchronized (lock) {
                if (!connections.contains(connection)) {
                    // down() has reset it, but a thread that had been waiting for this gets it all the same
                    return false;
                }
                record(request);
                if (answer == null) {
                    answer = otherwise.apply(request);
                }
            }
        }
        return send(answer, connection, in, out);
    }

    private boolean send(FaultAnswer answer, Socket connection, InputStream in, OutputStream out) throws IOException {
        byte[] body = answer.payload();
        switch (answer.kind()) {
            case WHOLE -> {
                out.write(answer.head());
                out.write(body);
                out.flush();
                return true;
            }
            case EARLY -> {
                out.write(answer.head());
                out.write(body);
                out.flush();
                // closing with bytes unread would reset the connection, and whether the peer still reads the answer
                // then is chance
                connection.shutdownOutput();
                connection.setSoTimeout((int) LINGER.toMillis());
                in.transferTo(OutputStream.nullOutputStream());
                return false;
            }
            case HALF -> {
                out.write(answer.head());
                out.write(body, 0, body.length / 2);
                out.flush();
                return false;
            }
            case TRICKLE -> {
                out.write(answer.head());
                trickle(connection, out);
                return false;
            }
            case GARBAGE -> {
                out.write(body);
                out.flush();
                return false;
            }
            case HANG -> {
                while (in.read() >= 0) {
                    // until the peer gives up, or down() resets
                }
                return false;
            }
            case RESET -> {
                reset(connection);
                return false;
            }
        }
        throw new AssertionError(answer);
    }

    /** Ends when the peer has gone or the server is down. */
    private void trickle(Socket connection, OutputStream out) throws IOException {
        while (true) {
            out.write(' ');
            out.flush();
            synchronized (lock) {
                if (!connections.contains(connection)) {
                    return;
                }
                try {
                    lock.wait(TRICKLE_PAUSE.toMillis());
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    private void record(FaultRequest request) {
        requests.add(request);
        lock.notifyAll();
    }

    private static byte[] body(FaultRequest head, InputStream in) throws IOException {
        if ("chunked".equalsIgnoreCase(head.header("Transfer-Encoding"))) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            while (true) {
                int length = length(line(in), 16);
                if (length == 0) {
                    break;
                }
                all.write(exactly(length, in));
                if (all.size() > MAX_BODY_BYTES) {
                    throw new IOException("bytes of a body: " + all.size() + " (expected: <= " + MAX_BODY_BYTES + ")");
                }
                line(in);
            }
            while (!line(in).isEmpty()) {
                // trailers
            }
            return all.toByteArray();
        }
        String length = head.header("Content-Length");
        return length == null ? new byte[0] : exactly(length(length, 10), in);
    }

    private static int length(String text, int radix) throws IOException {
        try {
            int length = Integer.parseInt(text.strip(), radix);
            if (length >= 0 && length <= MAX_BODY_BYTES) {
                return length;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IOException("bytes of a body: " + text + " (expected: 0 to " + MAX_BODY_BYTES + ")");
    }

    private static byte[] exactly(int length, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0 || line.size() > MAX_LINE_BYTES) {
                throw new EOFException();
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    private static void reset(Socket connection) {
        try {
            // no lingering: close sends a reset instead of an end
            connection.setSoLinger(true, 0);
        } catch (IOException e) {
            // closed already
        }
        quietly(connection);
    }

    private static void quietly(@Nullable AutoCloseable open) {
        if (open != null) {
            try {
                open.close();
            } catch (Exception e) {
                // it is gone, which is all that is wanted
            }
        }
    }

    private static void run(Runnable task) {
        Thread thread = new Thread(task, "fault-server");
        thread.setDaemon(true);
        thread.start();
    }
}
