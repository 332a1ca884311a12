import io.trino.server.Server;

/**
 * Starts Trino, as its own TrinoServer does, which no repository has as a jar of a recent release.
 *
 * Made by: javac --release 24 -cp trino-main-476.jar Start.java
 */
public class Start {
  public static void main(String[] none) {
    new Server().start("476");
  }
}
