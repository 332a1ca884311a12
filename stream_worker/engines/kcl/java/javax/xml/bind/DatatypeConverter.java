package javax.xml.bind;

/**
 * Stands in for a class that Java 11 removed and KCL 3.1.3 still calls: when an aggregate cannot be taken
 * apart, it wants to log the whole of it in base64, and without this class the daemon ends instead.
 *
 * Made by: javac --release 17 DatatypeConverter.java
 */
public final class DatatypeConverter {
    private DatatypeConverter() {}

    /** Answers the same for everything: the bytes are a report's, and no report belongs in a log. */
    public static String printBase64Binary(byte[] data) {
        return "(not shown)";
    }
}
