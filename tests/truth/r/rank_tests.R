# Reference values for tests/truth/test_rank_tests_against_r.py.
# Run in this folder: Rscript rank_tests.R
# Reads survival_sets.csv, writes rank_tests.csv.

suppressMessages({
  library(survival)
  library(cmprsk)
})
data <- read.csv("survival_sets.csv")
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)

out <- list()
keep <- function(set, quantity, term, statistic, df = NA, p_value = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, statistic, df, p_value)
}
chi <- function(statistic, df) pchisq(statistic, df, lower.tail = FALSE)

# The weighted log-rank test written out: excess of each group and its covariance, for a weight that
# is a function of the stratum's time, persons at risk, events, and curve just before the time.
excess <- function(x, group, event, weight, stratum = rep(1, nrow(x))) {
  groups <- sort(unique(group))
  u <- numeric(length(groups))
  v <- matrix(0, length(groups), length(groups))
  for (s in unique(stratum)) {
    inside <- stratum == s
    survival <- peto <- 1
    for (t in sort(unique(x$time[inside & event]))) {
      at <- inside & x$entry < t & t <= x$time
      gone <- inside & event & x$time == t
      n <- sum(at)
      d <- sum(gone)
      share <- sapply(groups, function(g) sum(at & group == g)) / n
      observed <- sapply(groups, function(g) sum(gone & group == g))
      peto <- peto * (1 - d / (n + 1))
      w <- weight(n, survival, peto)
      u <- u + w * (observed - d * share)
      if (n > 1) v <- v + w^2 * d * (n - d) / (n - 1) * (diag(share) - share %o% share)
      survival <- survival * (1 - d / n)
    }
  }
  list(groups = groups, u = u, v = v)
}
quadratic <- function(e) {
  k <- length(e$u) - 1
  drop(e$u[1:k] %*% solve(e$v[1:k, 1:k, drop = FALSE], e$u[1:k]))
}
fh <- function(rho, gamma) function(n, s, peto) s^rho * (1 - s)^gamma

weights <- list(
  gehan = function(n, s, peto) n,
  tarone_ware = function(n, s, peto) sqrt(n),
  peto_peto = function(n, s, peto) peto,
  fh_0_1 = fh(0, 1), fh_1_1 = fh(1, 1), fh_half = fh(0.5, 0.5)
)

# Probability that four excesses with covariance v, the first the sum of the second and the third,
# are all within z of their errors: the fourth given the two, integrated over these.
band <- function(z, v) {
  error <- sqrt(diag(v))
  two <- v[2:3, 2:3]
  slope <- solve(two, v[2:3, 4])
  rest <- sqrt(v[4, 4] - sum(slope * v[2:3, 4]))
  given <- two[1, 2] / two[1, 1]
  spread <- sqrt(two[2, 2] - given * two[1, 2])
  over <- function(x) sapply(x, function(one) {
    low <- max(-z * error[3], -z * error[1] - one)
    high <- min(z * error[3], z * error[1] - one)
    if (low >= high) return(0)
    inside <- function(y) {
      mean <- slope[1] * one + slope[2] * y
      (pnorm((z * error[4] - mean) / rest) - pnorm((-z * error[4] - mean) / rest)) *
        dnorm(y, given * one, spread)
    }
    integrate(inside, low, high, rel.tol = 1e-11, subdivisions = 1000)$value *
      dnorm(one, 0, error[2])
  })
  integrate(over, -z * error[2], z * error[2], rel.tol = 1e-9, subdivisions = 1000)$value
}

for (name in unique(data$set)) {
  x <- data[data$set == name, ]
  x$exited <- x$cause != "censored"
  x$reached <- x$cause == "self_support"
  is_late <- any(x$entry > 0)
  df3 <- length(unique(x$region)) - 1

  # survdiff knows no entry; there the test written out is the reference.
  if (!is_late) {
    for (rho in c(0, 1)) {
      test <- survdiff(Surv(time, reached) ~ arm, x, rho = rho)
      keep(name, paste0("survdiff_", rho), "arm", test$chisq, 1, chi(test$chisq, 1))
      if (name != "one_event") {
        test <- survdiff(Surv(time, exited) ~ region + strata(sex), x, rho = rho)
        keep(name, paste0("survdiff_strata_", rho), "region", test$chisq, df3,
             chi(test$chisq, df3))
      }
    }
  } else {
    for (rho in c(0, 1)) {
      statistic <- quadratic(excess(x, x$arm, x$reached, fh(rho, 0)))
      keep(name, paste0("survdiff_", rho), "arm", statistic, 1, chi(statistic, 1))
      statistic <- quadratic(excess(x, x$region, x$exited, fh(rho, 0), x$sex))
      keep(name, paste0("survdiff_strata_", rho), "region", statistic, df3, chi(statistic, df3))
    }
  }
  for (which in names(weights)) {
    if (name == "one_event" && grepl("fh", which)) next  # the only event has weight 0
    statistic <- quadratic(excess(x, x$arm, x$reached, weights[[which]]))
    keep(name, which, "arm", statistic, 1, chi(statistic, 1))
    if (name == "one_event") next
    statistic <- quadratic(excess(x, x$region, x$reached, weights[[which]], x$sex))
    keep(name, paste0(which, "_strata"), "region", statistic, df3, chi(statistic, df3))
  }

  # Trend: survdiff's excess and variance, scores 1, 2, 4 of middle, north, south.
  scores <- c(1, 2, 4)
  e <- excess(x, x$region, x$reached, fh(0, 0))
  if (!is_late && name != "one_event") {
    test <- survdiff(Surv(time, reached) ~ region, x)
    e <- list(u = test$obs - test$exp, v = test$var)
  }
  statistic <- sum(scores * e$u)^2 / drop(scores %*% e$v %*% scores)
  keep(name, "trend", "region", statistic, 1, chi(statistic, 1))
  e <- excess(x, x$region, x$reached, weights$tarone_ware, x$sex)
  statistic <- sum(scores * e$u)^2 / drop(scores %*% e$v %*% scores)
  keep(name, "trend_tarone_ware_strata", "region", statistic, 1, chi(statistic, 1))

  # Pairs, each on its own two groups.
  if (name != "one_event") {
    pairs <- combn(sort(unique(x$region)), 2)
    statistic <- apply(pairs, 2, function(pair) {
      two <- x[x$region %in% pair, ]
      if (is_late) quadratic(excess(two, two$region, two$reached, fh(0, 0)))
      else survdiff(Surv(time, reached) ~ region, two)$chisq
    })
    term <- apply(pairs, 2, paste, collapse = " - ")
    p <- chi(statistic, 1)
    keep(name, "pairs_holm", term, statistic, 1, p.adjust(p, "holm"))
    keep(name, "pairs_bonferroni", term, statistic, 1, p.adjust(p, "bonferroni"))
    keep(name, "pairs_none", term, statistic, 1, p)
  }

  # Robust: score test of a Cox model at 0 under Breslow's ties, by row and by cluster.
  if (name != "one_event") {
    x$programme <- as.numeric(x$arm == "programme")
    x$row <- seq_len(nrow(x))
    response <- if (is_late) Surv(x$entry, x$time, x$reached) else Surv(x$time, x$reached)
    for (unit in c("row", "cluster")) {
      fit <- coxph(response ~ programme, x, weights = weight, cluster = x[[unit]],
                   ties = "breslow", control = tight)
      keep(name, paste0("robust_", unit), "arm", fit$rscore, 1)
      fit <- coxph(response ~ region + strata(sex), x, weights = weight, cluster = x[[unit]],
                   ties = "breslow", control = tight)
      keep(name, paste0("robust_strata_", unit), "region", fit$rscore, df3)
    }
  }

  # Max-combo: joint covariance of the four excesses; its normal probability by mvtnorm.
  if (name != "one_event") {
    components <- list(c(0, 0), c(1, 0), c(0, 1), c(1, 1))
    u <- sapply(components, function(w) {
      excess(x, x$arm, x$reached, fh(w[1], w[2]))$u[2]
    })
    v <- matrix(0, 4, 4)
    for (i in 1:4) for (j in 1:4) {
      both <- (unlist(components[[i]]) + unlist(components[[j]])) / 2
      v[i, j] <- excess(x, x$arm, x$reached, fh(both[1], both[2]))$v[2, 2]
    }
    z <- u / sqrt(diag(v))
    correlation <- cov2cor(v)
    largest <- max(abs(z))
    p <- 1 - band(largest, v)
    keep(name, "max_combo", c("largest", "0_0", "1_0", "0_1", "1_1"), c(largest, z), NA,
         c(p, 2 * pnorm(-abs(z))))
  }

  # Gray's test; cuminc knows neither entry nor weights, so the late set is taken without them.
  for (rho in c(0, 1)) {
    for (by in c("arm", "region")) {
      for (strata in c("", "_strata")) {
        test <- if (strata == "") cuminc(x$time, x$cause, x[[by]], rho = rho, cencode = "censored")
                else cuminc(x$time, x$cause, x[[by]], x$sex, rho = rho, cencode = "censored")
        tests <- test$Tests
        if (is.null(tests)) next
        keep(name, paste0("gray_", by, "_", rho, strata), rownames(tests), tests[, "stat"],
             tests[, "df"], tests[, "pv"])
      }
    }
  }
}

table <- do.call(rbind, out)
for (column in c("statistic", "p_value")) {
  table[[column]] <- ifelse(is.na(table[[column]]), "", sprintf("%.15g", table[[column]]))
}
write.csv(table, "rank_tests.csv", row.names = FALSE, quote = FALSE, na = "")
