package io.github.pgwatchrpc.sink.http;

import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What it means for a batch that a request failed; the table stands at {@link HttpTransport}. */
final class Failures {

    /** So much of what a service says is told. */
    private static final int MAX_SAID = 300;

    private static final Set<Integer> COME_AGAIN = Set.of(408, 425, 429);
    private static final Set<Integer> CREDENTIALS = Set.of(401, 403, 407);
    private static final Set<Integer> ADDRESS = Set.of(404, 405, 410);

    private final HttpAuth auth;
    private final Clock clock;

    Failures(HttpAuth auth, Clock clock) {
        this.auth = auth;
        this.clock = clock;
    }

    Outcome of(HttpCall call, HttpReply reply) {
        int status = reply.status();
        String why = call + " at " + reply.endpoint() + ": " + status + said(reply);
        if (COME_AGAIN.contains(status) || status >= 500) {
            return new Outcome.Retry(RetryAfter.of(reply, clock), why);
        } else if (CREDENTIALS.contains(status)) {
            return new Outcome.Paused(why, "check the credentials, and what they are allowed to do there");
        } else if (ADDRESS.contains(status)) {
            return new Outcome.Paused(why, "check the address, and whether its target has been made there");
        } else if (status < 400) {
            String location = reply.header("Location").map(to -> " to " + to).orElse("");
            return new Outcome.Paused(
                    auth.redact(why + location), "give the address that it leads to; redirections are not followed");
        } else if (status == 413) {
            return new Outcome.Refused(why + " (too large)");
        }
        return new Outcome.Refused(why);
    }

    Outcome of(HttpCall call, URI endpoint, IOException e, Duration timeout) {
        String where = call + " at " + endpoint + ": ";
        if (e instanceof HttpConnectTimeoutException) {
            return Outcome.retry(where + "no connection in time");
        } else if (e instanceof HttpTimeoutException) {
            return Outcome.retry(where + "no answer within " + timeout.toMillis() + " ms");
        } else if (e instanceof ConnectException) {
            return Outcome.retry(where + "no connection" + message(e));
        } else if (e instanceof SSLException && isCertificate(e)) {
            return new Outcome.Paused(
                    where + "its certificate is not trusted" + message(root(e)),
                    "name the authority's file with the option ca, or check the host's name");
        } else if (e instanceof SSLException) {
            return Outcome.retry(where + "TLS" + message(e));
        }
        return Outcome.retry(where + "broken off" + message(e));
    }

    private String said(HttpReply reply) {
        String line = reply.text().replaceAll("\\s+", " ").strip();
        if (line.isEmpty()) {
            return "";
        }
        return ": " + auth.redact(line.length() <= MAX_SAID ? line : line.substring(0, MAX_SAID) + "...");
    }

    private static String message(@Nullable Throwable e) {
        String message = e == null ? null : e.getMessage();
        return message == null ? "" : ": " + message;
    }

    private static boolean isCertificate(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof CertificateException || each instanceof CertPathBuilderException) {
                return true;
            }
        }
        return false;
    }

    private static Throwable root(Throwable e) {
        Throwable root = e;
        for (Throwable each = e; each != null; each = each.getCause()) {
            root = each;
        }
        return root;
    }
}
