package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.server.WebServer.Page;
import io.github.pgwatchrpc.server.WebServer.Source;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of the web address: a request, an answer, an end. Used on its event loop. */
final class WebConnection extends ChannelInboundHandlerAdapter {

    static final String DECODER = "decoder";

    private static final Logger LOG = LoggerFactory.getLogger(WebConnection.class);

    private final WebServer server;
    private final Channel channel;
    private @Nullable ScheduledFuture<?> deadline;
    private boolean asked;
    private boolean answered;
    private boolean headOnly;
    private boolean inputEnded;

    WebConnection(WebServer server, Channel channel) {
        this.server = server;
        this.channel = channel;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        restartDeadline();
    }

    private void restartDeadline() {
        cancelDeadline();
        deadline = channel.eventLoop()
                .schedule(this::expired, server.limits().patience().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    private void expired() {
        String patience = server.limits().patience().toSeconds() + " s";
        if (answered) {
            close();
        } else if (asked) {
            send(Page.text(503, "the page could not be made within " + patience));
        } else {
            send(Page.text(408, "no whole request has come within " + patience));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof HttpRequest request && !asked) {
                asked = true;
                // a body is not wanted, and neither is another request: what follows is read and forgotten
                ctx.pipeline().remove(DECODER);
                restartDeadline();
                headOnly = request.method().equals(HttpMethod.HEAD);
                answer(request);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answer(HttpRequest request) {
        Page refusal = refuse(request);
        if (refusal != null) {
            send(refusal);
            return;
        }
        Source source = server.pages().get(path(request));
        if (source == null) {
            send(Page.text(404, "no such page: try " + String.join(", ", server.paths())));
        } else if (!request.method().equals(HttpMethod.GET) && !headOnly) {
            send(Page.text(405, "method: " + request.method() + " (expected: GET)"));
        } else if (source.quick()) {
            send(make(source));
        } else {
            try {
                server.making().execute(() -> {
                    Page page = make(source);
                    channel.eventLoop().execute(() -> send(page));
                });
            } catch (RejectedExecutionException e) {
                send(Page.text(
                        503,
                        "requests waiting for a page: more than "
                                + server.limits().waitingPages()));
            }
        }
    }

    /** What is wrong with the request, before it is looked at what it asks for. */
    private @Nullable Page refuse(HttpRequest request) {
        Throwable flaw = request.decoderResult().cause();
        if (flaw instanceof TooLongHttpLineException) {
            return Page.text(
                    414,
                    "request line: too long (expected: <= " + server.limits().lineBytes() + " bytes)");
        } else if (flaw instanceof TooLongHttpHeaderException) {
            return Page.text(
                    431, "header: too long (expected: <= " + server.limits().headerBytes() + " bytes)");
        } else if (flaw != null) {
            return Page.text(400, "not a request of HTTP/1.1");
        }
        List<String> given = request.headers().getAll(HttpHeaderNames.HOST);
        boolean oneWanted = request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0;
        if (given.size() > 1 || (given.isEmpty() && oneWanted)) {
            return Page.text(400, "Host headers: " + given.size() + " (expected: 1)");
        } else if (!given.isEmpty() && !server.hosts().isRight(given.get(0))) {
            return Page.text(
                    421,
                    "Host: " + given.get(0) + " (expected: an address, localhost, or a name of this machine); "
                            + "start the receiver with --web-host NAME for another name");
        } else if (!request.uri().startsWith("/")) {
            return Page.text(400, "target of the request: " + request.uri() + " (expected: a path)");
        }
        return null;
    }

    private static String path(HttpRequest request) {
        String target = request.uri();
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    private static Page make(Source source) {
        try {
            return source.page().get();
        } catch (RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            LOG.error("a page of the web address could not be made", e);
            return Page.text(500, "the page could not be made; the log tells why");
        }
    }

    @SuppressWarnings("JavaUtilDate") // Netty's formatter of HTTP dates takes nothing else
    private void send(Page page) {
        if (answered) {
            return; // the page came after its time was over
        }
        answered = true;
        restartDeadline();
        byte[] body = page.body().getBytes(StandardCharsets.UTF_8);
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(page.status()),
                headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.DATE, DateFormatter.format(new Date()))
                .set(HttpHeaderNames.CONTENT_TYPE, page.type())
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set("X-Content-Type-Options", "nosniff")
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (page.status() == HttpResponseStatus.METHOD_NOT_ALLOWED.code()) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        channel.writeAndFlush(response).addListener(written -> end());
    }

    /** Closing at once would throw the answer away at a peer that is still sending. */
    private void end() {
        if (inputEnded || !channel.isActive()) {
            close();
        } else {
            ((DuplexChannel) channel).shutdownOutput();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            if (!asked || ((DuplexChannel) channel).isOutputShutdown()) {
                close();
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Faults.reportIfFatal(cause);
        LOG.debug("connection of the web address: {}", cause.toString());
        close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelDeadline();
    }

    void close() {
        channel.close();
    }
}
