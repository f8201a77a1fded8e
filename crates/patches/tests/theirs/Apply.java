import java.io.FileInputStream;
import org.eclipse.jgit.api.Git;

/** Applies p.patch to the folder in which it stands, by JGit. */
class Apply {
    public static void main(String[] none) throws Exception {
        try (Git git = Git.init().call(); FileInputStream patch = new FileInputStream("p.patch")) {
            git.apply().setPatch(patch).call();
        }
    }
}
