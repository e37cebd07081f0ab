package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.gob.GobException;
import java.io.IOException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * What the answer to a call means for what was sent. gRPC says much of it by the status; net/rpc has only texts, those that
 * docs/security.md lists and those that begin with "receiver ", which is how a receiver says that it could not store just
 * now.
 */
sealed interface Answer {

    /** It is safe. */
    record Stored() implements Answer {}

    /** Not now, or nobody knows. */
    record Later(String why) implements Answer {}

    /**
     * Not before somebody mends something.
     *
     * @param why what is wrong
     * @param mend what to do
     * @param everything false if others may get through, because this database alone is refused
     */
    record Mend(String why, String mend, boolean everything) implements Answer {}

    /** Never as it is, but perhaps in two halves. */
    record TooLarge(String why) implements Answer {}

    /** Never as it is. */
    record Never(String why) implements Answer {}

    /** What refuses a client's certificate, or the lack of one (RFC 8446, 6.2). */
    Pattern CERTIFICATE_ALERT = Pattern.compile("Received fatal alert: "
            + "(certificate_required|(bad|unsupported)_certificate|certificate_\\w+|unknown_ca|access_denied)");

    List<String> TOO_LARGE = List.of(
            "bytes of a message: ",
            "bytes of a message, unpacked: ",
            "bytes of a value in several messages: ",
            "memory for the values of a message: ",
            "message larger than max",
            "message too big");

    /**
     * Judges.
     *
     * @param failure what the call has failed with, or null
     */
    static Answer of(@Nullable Throwable failure) {
        Throwable why = failure;
        while ((why instanceof CompletionException || why instanceof ExecutionException) && why.getCause() != null) {
            why = why.getCause();
        }
        if (why == null) {
            return new Stored();
        }
        String text = why.getMessage() == null ? why.toString() : why.getMessage();
        if (text.contains("this receiver wants TLS")) {
            return new Mend(text, "give sslrootca, a copy of the receiver's tls/ca.crt", true);
        } else if (why instanceof RpcException answer) {
            return of(answer.kind(), text);
        } else if (TOO_LARGE.stream().anyMatch(text::contains)) {
            return new TooLarge(text);
        } else if (why instanceof GobException || !(why instanceof IOException)) {
            // it could not be written down: nothing to do with the receiver
            return new Never(text);
        }
        Mend certificate = certificate(why, text);
        return certificate == null ? new Later(text) : certificate;
    }

    private static Answer of(Kind kind, String text) {
        if (kind == Kind.UNAUTHENTICATED
                || text.startsWith("authentication required")
                || text.startsWith("authentication failed")) {
            return new Mend(
                    text, "give a key that the receiver takes: token-file (read again by itself) or token", true);
        } else if (text.startsWith("the key ") && text.contains(" may not do this: scope=")) {
            return new Mend(text, "give the key this scope, at the receiver, or give another key", true);
        } else if (kind == Kind.PERMISSION_DENIED
                || (text.startsWith("the key ") && text.endsWith(" is not good for this database"))) {
            return new Mend(text, "let the key send this database, at the receiver, or give another key", false);
        } else if (text.startsWith("receiver ")) {
            return new Later(text);
        } else if (TOO_LARGE.stream().anyMatch(text::contains)) {
            // also RESOURCE_EXHAUSTED, but no time makes it smaller
            return new TooLarge(text);
        } else if (kind == Kind.UNAVAILABLE
                || kind == Kind.RESOURCE_EXHAUSTED
                || text.startsWith("bytes of unfinished messages")
                || text.startsWith("no answer of gRPC")
                || text.startsWith("the server reset the call")) {
            return new Later(text);
        } else if (text.startsWith("rpc: can't find ")
                || text.startsWith("unknown service ")
                || text.startsWith("unknown method ")) {
            return new Mend(text, "is it a receiver of pgwatch's measurements? See host and port", true);
        }
        return new Never(text);
    }

    private static @Nullable Mend certificate(Throwable failure, String text) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof CertificateException
                    || each instanceof CertPathValidatorException
                    || each instanceof SSLPeerUnverifiedException) {
                return new Mend(
                        "certificate of the receiver: " + each.getMessage(),
                        "sslrootca is to be a copy of the receiver's tls/ca.crt, and its certificate for this host",
                        true);
            } else if (each instanceof SSLException
                    && CERTIFICATE_ALERT
                            .matcher(String.valueOf(each.getMessage()))
                            .find()) {
                return new Mend(
                        text, "the receiver wants a certificate of its --tls-client-ca: sslcert and sslkey", true);
            }
        }
        return null;
    }
}
