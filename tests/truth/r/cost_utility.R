# Cost-utility in base R: areas under utility curves, two regressions with their joint HC2 errors,
# Fieller's limits, net-benefit regression, bootstrap on fixed index lists, acceptability, EVPI.
# Writes the data and the index lists too, so that both sides use the same. Run in this folder:
# Rscript cost_utility.R
set.seed(417)
found <- list()
note <- function(name, value) found[[length(found) + 1]] <<- data.frame(name = name, value = value)

# Persons: cost, effect, baseline, age, sex, cluster.
n <- 60
arm <- rep(c(1, 0), c(28, 32))
baseline <- round(rnorm(n, 0.55 + 0.04 * arm, 0.15), 3)
age <- round(rnorm(n, 42, 9))
sex <- sample(c("female", "male"), n, TRUE)
cluster <- rep_len(1:8, n)
effect <- round(0.5 + 0.9 * baseline + 0.08 * arm - 0.002 * age + rnorm(n, 0, 0.12), 4)
cost <- round(rgamma(n, 2, 2 / (30000 + 9000 * arm)) + 200 * age, 0)
people <- data.frame(person = 1:n, arm = ifelse(arm == 1, "programme", "comparison"), cost, effect,
                     baseline, age, sex, cluster)
write.csv(people, "cost_utility_people.csv", row.names = FALSE, quote = FALSE)

joint <- function(formula, groups = NULL) {
  fits <- lapply(c("cost", "effect"), function(y) lm(update(formula, paste(y, "~ .")), people))
  x <- model.matrix(fits[[1]])
  bread <- solve(crossprod(x))
  h <- hatvalues(fits[[1]])
  scores <- lapply(fits, function(f) {
    if (is.null(groups)) x * residuals(f) / sqrt(1 - h) else rowsum(x * residuals(f), groups)
  })
  factor <- if (is.null(groups)) 1 else {
    g <- length(unique(groups))
    g / (g - 1) * (n - 1) / (n - ncol(x))
  }
  v <- function(a, b) (bread %*% crossprod(scores[[a]], scores[[b]]) %*% bread)[2, 2] * factor
  list(estimate = c(coef(fits[[1]])[2], coef(fits[[2]])[2]),
       v = matrix(c(v(1, 1), v(1, 2), v(1, 2), v(2, 2)), 2),
       df = if (is.null(groups)) df.residual(fits[[1]]) else length(unique(groups)) - 1)
}
tell <- function(name, fit) {
  note(paste0(name, "_cost"), fit$estimate[1])
  note(paste0(name, "_effect"), fit$estimate[2])
  note(paste0(name, "_cost_error"), sqrt(fit$v[1, 1]))
  note(paste0(name, "_effect_error"), sqrt(fit$v[2, 2]))
  note(paste0(name, "_correlation"), fit$v[1, 2] / sqrt(fit$v[1, 1] * fit$v[2, 2]))
  note(paste0(name, "_cost_low"), fit$estimate[1] - qt(0.975, fit$df) * sqrt(fit$v[1, 1]))
}
arms <- ~ arm
adjusted <- ~ arm + baseline + age + sex
people$arm <- relevel(factor(people$arm), "comparison")
plain <- joint(arms)
full <- joint(adjusted)
by_cluster <- joint(adjusted, cluster)
tell("plain", plain); tell("adjusted", full); tell("cluster", by_cluster)
welch <- t.test(effect ~ arm, people)
note("welch_effect_error", welch$stderr)

# Fieller's limits of cost over effect, adjusted.
t2 <- qt(0.975, full$df)^2
a <- full$estimate[2]^2 - t2 * full$v[2, 2]
b <- full$estimate[1] * full$estimate[2] - t2 * full$v[1, 2]
c <- full$estimate[1]^2 - t2 * full$v[1, 1]
note("icer", full$estimate[1] / full$estimate[2])
note("icer_low", (b - sqrt(b^2 - a * c)) / a)
note("icer_high", (b + sqrt(b^2 - a * c)) / a)

# Net-benefit regression, its errors from its own residuals.
for (price in c(0, 100000, 400000)) {
  people$benefit <- price * people$effect - people$cost
  fit <- lm(update(adjusted, benefit ~ .), people)
  x <- model.matrix(fit)
  meat <- crossprod(x * residuals(fit) / sqrt(1 - hatvalues(fit)))
  v <- solve(crossprod(x)) %*% meat %*% solve(crossprod(x))
  name <- format(price, scientific = FALSE)
  note(paste0("benefit_", name), coef(fit)[2])
  note(paste0("benefit_error_", name), sqrt(v[2, 2]))
}

# Bootstrap on index lists: persons within arms.
lists <- t(replicate(40, c(sample(28, 28, TRUE), 28 + sample(32, 32, TRUE))))
write.table(lists, "cost_utility_lists.csv", sep = ",", row.names = FALSE, col.names = FALSE)
drawn <- t(apply(lists, 1, function(rows) {
  d <- people[rows, ]
  c(coef(lm(cost ~ arm + baseline + age, d))[2], coef(lm(effect ~ arm + baseline + age, d))[2])
}))
for (row in c(1, 2, 40)) {
  note(paste0("draw_cost_", row), drawn[row, 1])
  note(paste0("draw_effect_", row), drawn[row, 2])
}
for (price in c(0, 100000, 400000)) {
  benefit <- price * drawn[, 2] - drawn[, 1]
  name <- format(price, scientific = FALSE)
  note(paste0("accepted_", name), mean(benefit > 0))
  note(paste0("information_", name), mean(pmax(benefit, 0)) - max(mean(benefit), 0))
  note(paste0("boot_low_", name), quantile(benefit, 0.025))
}

# Three strategies from draws of parameters.
draws <- data.frame(cost_a = rgamma(200, 16, 0.004), cost_b = rgamma(200, 25, 0.01), cost_c = 0,
                    effect_a = 0.7 + rnorm(200, 0.06, 0.03), effect_b = 0.7 + rnorm(200, 0.03, 0.02),
                    effect_c = rbeta(200, 140, 60))
draws <- round(draws, 6)
write.csv(draws, "cost_utility_draws.csv", row.names = FALSE, quote = FALSE)
for (price in c(20000, 60000, 150000)) {
  benefit <- price * as.matrix(draws[, 4:6]) - as.matrix(draws[, 1:3])
  best <- max.col(benefit, ties.method = "first")
  name <- format(price, scientific = FALSE)
  for (k in 1:3) note(paste0("best_", letters[k], "_", name), mean(best == k))
  note(paste0("frontier_", name), mean(best == which.max(colMeans(benefit))))
  note(paste0("evpi_", name), mean(apply(benefit, 1, max)) - max(colMeans(benefit)))
}

# Areas under utility curves with dates, gaps, deaths and discounting, by integrate().
waves <- c(0, 6, 12, 18, 24)
m <- 15
days <- t(sapply(1:m, function(i) round(waves * 365.25 / 12 + c(sample(0:14, 1), sample(-20:60, 4)))))
score <- matrix(round(runif(5 * m, -0.1, 1), 3), m)
died <- rep(NA, m); died[c(4, 9)] <- c(10, 20)
for (i in which(!is.na(died))) score[i, waves >= died[i]] <- NA
score[13, 3] <- NA; score[14, 2:3] <- NA
panel <- data.frame(person = rep(1:m, each = 5), wave = rep(waves, m), days = as.vector(t(days)),
                    score = as.vector(t(score)), died = rep(died, each = 5))
write.csv(panel, "cost_utility_panel.csv", row.names = FALSE, quote = FALSE)
for (i in 1:m) {
  known <- !is.na(score[i, ])
  x <- days[i, known] / 365.25; y <- score[i, known]
  if (!is.na(died[i])) { keep <- x < died[i] / 12; x <- c(x[keep], died[i] / 12); y <- c(y[keep], 0) }
  curve <- approxfun(x, y, rule = 2)
  cuts <- sort(unique(c(0, 1, 2, x[x > 0 & x < 2])))
  pieces <- mapply(function(low, high) {
    (high - low) * (curve(low) + curve(high)) / 2 * 1.03^-floor((low + high) / 2)
  }, head(cuts, -1), tail(cuts, -1))
  note(paste0("qaly_", i), sum(pieces))
}
write.csv(transform(do.call(rbind, found), value = format(value, digits = 16, trim = TRUE)),
          "cost_utility.csv", row.names = FALSE, quote = FALSE)
