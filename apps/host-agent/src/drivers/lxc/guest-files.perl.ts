/**
 * The helper that touches a container's files: a short Perl program (perl-base is essential on Debian and Ubuntu) in a
 * process of its own, because only a process can be confined:
 *
 *   chdir to the root -> still the same container? -> chroot -> one operation -> exit
 *
 * Behind chroot(2) the kernel resolves every path, so no symbolic link, whatever the guest does meanwhile, can lead
 * outside; and a file system of the guest that never answers (FUSE) blocks only this process, which can be killed.
 * Nothing is loaded after the chroot (@INC is emptied): a module found there would be the guest's code.
 * In a running unprivileged guest it runs as the guest's own root, in its user namespace (container-files.ts).
 * Only regular files are opened, without blocking (O_NONBLOCK: a FIFO), checked after opening.
 *
 * Arguments: ROOT CHECK BASE OPERATION PATH [...]; CHECK is "" or "pid:starttime" (proc(5), field 22) of the init that
 * ROOT belongs to; BASE is added to ids on the way in. Answers go to stdout; a failure is "errno-name" on stderr, exit 1.
 */
export const GUEST_FILES_HELPER = String.raw`
use strict; use warnings;
use Fcntl qw(:DEFAULT :mode);
use Errno ();

my $begun; # a new file that is not whole yet
sub fail { unlink $begun if defined $begun; print STDERR $_[0]; exit 1 }
sub failed { my ($name) = grep { $!{$_} } qw(ENOENT EEXIST ENOTDIR EISDIR ENOTEMPTY EACCES EPERM ELOOP ENOSPC EDQUOT EROFS ENAMETOOLONG ENXIO EBUSY EINVAL); fail($name || "errno " . ($! + 0)) }

my ($root, $check, $base, $op, $path, @rest) = @ARGV;
chdir $root or fail("GONE");
if ($check =~ /^(\d+):(\d+)$/) {
    my ($pid, $start) = ($1, $2);
    open my $stat, '<', "/proc/$pid/stat" or fail("GONE");
    my $line = <$stat>; $line =~ s/^.*\) //s;
    (split / /, $line)[19] eq $start or fail("GONE");
}
require POSIX if $op eq 'symlink';
@INC = ();
chroot '.' or failed();
chdir '/' or failed();
umask 0;

sub inside { my $id = $_[0] - $base; return $id >= 0 && $id < 65536 ? $id : ($base ? 65534 : $_[0]) }
sub type { S_ISREG($_[0]) ? 'file' : S_ISDIR($_[0]) ? 'directory' : S_ISLNK($_[0]) ? 'symlink' : 'other' }
sub describe { my @s = lstat $path or failed(); print join ' ', type($s[2]), inside($s[4]), inside($s[5]), $s[2] & 07777, $s[7] }
sub copy { my ($from, $to) = @_; my $buffer;
    while (1) { my $n = sysread $from, $buffer, 1 << 17; defined $n or failed(); last unless $n;
        for (my $done = 0; $done < $n;) { my $w = syswrite $to, $buffer, $n - $done, $done; defined $w or failed(); $done += $w } } }
sub regular { my ($handle) = @_; my @s = stat $handle or failed(); S_ISREG($s[2]) or fail("NOTFILE"); return @s }

my %operations = (
    stat => \&describe,
    list => sub { opendir my $dir, $path or failed(); print join "\0", grep { $_ ne '.' && $_ ne '..' } readdir $dir },
    readlink => sub { my $target = readlink $path; defined $target or failed(); print $target },
    read => sub { sysopen my $file, $path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY or failed(); regular($file); copy($file, \*STDOUT) },
    write => sub {
        my ($uid, $gid, $mode, $append) = @rest;
        my $exists = -e $path; # appending keeps the owner and mode that are there
        sysopen my $file, $path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | ($append ? O_APPEND : 0), 0600 or failed();
        regular($file);
        $begun = $path unless $exists || -l $path;
        $append or truncate $file, 0 or failed();
        copy(\*STDIN, $file);
        if (!$append || !$exists) {
            my ($u, $g) = map { $_ >= 0 ? $_ + $base : $exists ? -1 : $base } $uid, $gid;
            chown $u, $g, $file or failed();
            if ($mode >= 0 || !$exists) { chmod $mode >= 0 ? $mode : 0644, $file or failed() }
        }
        close $file or failed();
    },
    mkdir => sub {
        my ($uid, $gid, $mode) = @rest;
        mkdir $path, 0700 or failed();
        sysopen my $dir, $path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW or failed();
        chown((map { ($_ >= 0 ? $_ : 0) + $base } $uid, $gid), $dir) or failed();
        chmod $mode >= 0 ? $mode : 0755, $dir or failed();
    },
    symlink => sub {
        my ($target, $uid, $gid) = @rest;
        symlink $target, $path or failed();
        POSIX::lchown(($uid >= 0 ? $uid : 0) + $base, ($gid >= 0 ? $gid : 0) + $base, $path) or failed();
    },
    winsize => sub {
        my ($columns, $rows) = @rest;
        sysopen my $tty, $path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY or failed();
        my @s = stat $tty or failed();
        S_ISCHR($s[2]) && ($s[6] >> 8) >= 136 && ($s[6] >> 8) <= 143 or fail("NOTFILE"); # a Unix98 pseudo terminal
        ioctl $tty, 0x5414, pack('S4', $rows, $columns, 0, 0) or failed(); # TIOCSWINSZ
    },
    remove => sub { my @s = lstat $path or failed(); (S_ISDIR($s[2]) ? rmdir $path : unlink $path) or failed() },
);
binmode STDIN; binmode STDOUT;
($operations{$op} or fail("EINVAL"))->();
close STDOUT or failed();
`;
