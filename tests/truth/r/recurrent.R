# Reference values for tests/truth/test_recurrent_against_r.py.
# Run in this folder: Rscript recurrent.R
# Writes recurrent_data.csv (made-up persons with relapses that can come again) and recurrent.csv.

suppressMessages(library(mets))
set.seed(20262)

# Rows of (entry, time]: one for each relapse, and one for the rest of the follow-up.
make <- function(set, n, monthly, late = FALSE, gaps = FALSE, rate = 0.06, death = 0.015) {
  rows <- list()
  for (person in 1:n) {
    frailty <- rgamma(1, 2, 2)
    arm <- sample(c("programme", "comparison"), 1)
    weight <- round(runif(1, 0.4, 2.5), 2)
    cluster <- sample(1:12, 1)
    rounded <- function(x) if (monthly) ceiling(x) else round(x, 5)
    now <- if (late) rounded(runif(1, 0, 4)) * rbinom(1, 1, 0.5) else 0
    dies <- now + rounded(rexp(1, death)) + if (monthly) 0 else 0.00001
    end <- now + rounded(runif(1, 6, 30)) + if (monthly) 1 else 0.00002
    repeat {
      following <- now + rounded(rexp(1, rate * frailty * ifelse(arm == "programme", 0.7, 1)))
      last <- min(dies, end)
      to <- min(following, last)
      if (to <= now) break
      cause <- if (following < last) "relapse" else if (dies <= end) "died" else "censored"
      rows[[length(rows) + 1]] <- data.frame(set, person, entry = now, time = to, cause, arm,
                                             cluster, weight)
      if (cause != "relapse") break
      now <- if (gaps) to + rounded(runif(1, 0, 2)) else to
      if (now >= last) break
    }
  }
  do.call(rbind, rows)
}

data <- rbind(
  make("monthly", 200, TRUE),
  make("continuous", 120, FALSE),
  make("late_weighted_clustered", 180, TRUE, late = TRUE, gaps = TRUE),
  make("no_death", 100, TRUE, death = 1e-9)
)
single <- make("one_event", 40, TRUE, rate = 1e-9)
single$cause[which.max(single$time)] <- "relapse"
data <- rbind(data, single)
write.csv(data, "recurrent_data.csv", row.names = FALSE, quote = FALSE)

# Mean, and the influence of each row on it at each time, by the formula of Ghosh and Lin with
# n - t at risk after the terminal exits t of a time. A matrix of rows by times.
by_hand <- function(x, weight) {
  times <- sort(unique(x$time))
  survival <- 1
  n <- nrow(x)
  mean <- numeric(length(times))
  influence <- matrix(0, n, length(times))
  on_survival <- numeric(n)  # influence on log S(u-)
  moved <- numeric(n)
  total <- 0
  for (j in seq_along(times)) {
    u <- times[j]
    at_risk <- x$entry < u & u <= x$time
    y <- sum(weight * at_risk)
    event <- x$time == u & x$cause == "relapse"
    gone <- x$time == u & x$cause == "died"
    d <- sum(weight * event)
    t <- sum(weight * gone)
    jump <- survival * d / y
    moved <- moved + jump * on_survival + survival * (event - at_risk * d / y) / y
    total <- total + jump
    mean[j] <- total
    influence[, j] <- moved
    if (t < y - 1e-12) on_survival <- on_survival - (gone - at_risk * t / y) / (y - t)
    survival <- if (t < y - 1e-12) survival * (1 - t / y) else 0
  }
  list(times = times, mean = mean, influence = influence)
}

out <- list()
keep <- function(set, quantity, stratum, time, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, stratum, time, estimate, std_error)
}
thinned <- function(times) seq_along(times) %% 4 == 0 | seq_along(times) == length(times)

for (name in unique(data$set)) {
  for (level in unique(data$arm)) {
    x <- data[data$set == name & data$arm == level, ]
    if (!nrow(x)) next
    plain <- by_hand(x, rep(1, nrow(x)))
    shown <- thinned(plain$times)
    by_person <- sqrt(colSums(rowsum(plain$influence, x$person)^2))
    keep(name, "mean", level, plain$times[shown], plain$mean[shown], by_person[shown])
    weighted <- by_hand(x, x$weight)
    moved <- x$weight * weighted$influence
    keep(name, "mean_weight", level, weighted$times[shown], weighted$mean[shown],
         sqrt(colSums(rowsum(moved, x$person)^2))[shown])
    keep(name, "mean_weight_cluster", level, weighted$times[shown], weighted$mean[shown],
         sqrt(colSums(rowsum(moved, x$cluster)^2))[shown])
  }
}

# mets takes exits at one time one after the other, so it is the reference where times differ.
x <- data[data$set == "continuous", ]
x$arm <- factor(x$arm, c("programme", "comparison"))
recurrent <- phreg(Surv(entry, time, cause == "relapse") ~ strata(arm) + cluster(person), x)
terminal <- phreg(Surv(entry, time, cause == "died") ~ strata(arm) + cluster(person), x)
fit <- recurrentMarginal(recurrent, terminal)
shown <- seq_along(fit$times) %% 3 == 0
keep("continuous", "mets", levels(x$arm)[fit$strata + 1][shown], fit$times[shown], fit$mu[shown],
     fit$se.mu[shown])

table <- do.call(rbind, out)
for (column in c("estimate", "std_error")) {
  table[[column]] <- ifelse(is.na(table[[column]]), "", sprintf("%.15g", table[[column]]))
}
write.csv(table, "recurrent.csv", row.names = FALSE, quote = FALSE, na = "")
